"""How far something long is: plain lines, the same at a terminal, in a pipe and in a file."""

import math
import time
from collections.abc import Collection, Iterator
from typing import TypeVar

Item = TypeVar("Item")

FIRST = 2.0
"""Time after which the first line may come, s: what takes less says nothing."""

PAUSE = 5.0
"""Time between two lines at the least, s."""


class Progress:
    """Says how much of some equal pieces of work is done, and about how long the rest will take."""

    def __init__(self, what: str, total: int, unit: str) -> None:
        """Begin to measure the time.

        Args:
            what: the work, at the beginning of each line.
            total: number of pieces.
            unit: what the pieces are, in the plural.
        """
        self._what, self._total, self._unit = what, total, unit
        self._done = 0
        self._start = time.monotonic()
        self._next = self._start + FIRST

    def step(self) -> None:
        """Count a piece, and print a line if it is time for one."""
        self._done += 1
        now = time.monotonic()
        if now >= self._next and self._done < self._total:
            self._next = now + PAUSE
            left = time_left(now - self._start, self._done, self._total)
            print(f"{self._what}: {self._done} of {self._total} {self._unit}  {left}", flush=True)


def tracked(items: Collection[Item], what: str, unit: str) -> Iterator[Item]:
    """Yield the items, with a line now and then of how many are done; see `Progress`."""
    progress = Progress(what, len(items), unit)
    for item in items:
        yield item
        progress.step()


def time_left(seconds: float, done: int, total: int) -> str:
    """Return `about 1 min 40 s left`, if `done` of `total` equal pieces took so many seconds."""
    return f"about {duration(seconds * (total - done) / done)} left"


def duration(seconds: float) -> str:
    """Return a time for people, such as `8 s`, `1 min 40 s` or `1 h 5 min`; 0.2 s are `1 s`."""
    whole = math.ceil(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"
