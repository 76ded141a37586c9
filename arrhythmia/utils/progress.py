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

    def __init__(self, what: str, total: int, unit: str, *, long: bool = False, after: int = 0) -> None:
        """Begin to measure the time.

        Args:
            what: the work, at the beginning of each line.
            total: number of pieces.
            unit: what the pieces are, in the plural.
            long: whether a piece takes long, so that the first one alone tells something of the others; else
                it is mostly the start of processes and libraries.
            after: number of pieces of later work, whose time counts as well.
        """
        self._what, self._total, self._unit, self._long, self._after = what, total, unit, long, after
        self._done = 0
        self._since = (time.monotonic(), 0)
        self._next = self._since[0] + (0 if long else FIRST)

    def step(self, pieces: int = 1, note: str = "") -> None:
        """Count pieces, and print a line if it is time for one.

        Args:
            pieces: done since the last call.
            note: end of the line; with one, the last piece always has a line.
        """
        now, (start, before) = time.monotonic(), self._since
        first = self._done == 0
        self._done += pieces
        if first:
            self._since = (now, pieces)
        if note if self._done == self._total else now >= self._next and (self._long or not first):
            self._next = now + PAUSE
            left = (now - start) / (self._done - before) * (self._total - self._done + self._after)
            words = [f"{self._what}: {self._done} of {self._total} {self._unit}"]
            words += [f"about {duration(left)} left"] if left else []
            print("  ".join([*words, note]).rstrip(), flush=True)


def tracked(items: Collection[Item], what: str, unit: str) -> Iterator[Item]:
    """Yield the items, with a line now and then of how many are done; see `Progress`."""
    progress = Progress(what, len(items), unit)
    for item in items:
        yield item
        progress.step()


def duration(seconds: float) -> str:
    """Return a time for people, such as `8 s`, `1 min 40 s` or `1 h 5 min`; 0.2 s are `1 s`."""
    whole = math.ceil(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"
