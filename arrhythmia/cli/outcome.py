"""What became of a recording: its process tells it to the one that started it, which loads few libraries."""

from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Self

import numpy as np


@dataclass(frozen=True)
class Outcome:
    """What became of a recording.

    Attributes:
        line: for people.
        failed: whether nothing was written.
        hopeless: whether no other recording can be predicted either.
        name: of the recording.
        notes: what a person should know about how it was read, a line each.
        counts: of its beats against the reference, as of `beat_by_beat`; None if none is asked for.
    """

    line: str
    failed: bool = False
    hopeless: bool = False
    name: str = ""
    notes: tuple[str, ...] = ()
    counts: np.ndarray | None = None

    def renamed(self, used: PurePath, given: PurePath) -> Self:
        """Return it with the path that a person gave in place of the one that was used."""
        lines = [line.replace(str(used), str(given)) for line in (self.line, *self.notes)]
        return replace(self, line=lines[0], notes=tuple(lines[1:]))
