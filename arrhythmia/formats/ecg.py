"""One lead of a recording, open to be read piece by piece, whatever kind of file it is in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from arrhythmia.errors import DataError
from arrhythmia.formats.names import recording_name

RATES = (100, 20000)
"""Sampling rates that can be used, Hz."""


@dataclass(frozen=True)
class Ecg:
    """One lead of a recording.

    Attributes:
        path: of the file, for messages; of a WFDB record without suffix.
        fs: sampling rate, Hz.
        lead: name of the lead, or the number of its channel.
        length: samples.
        read: takes the first sample and the one after the last, returns float32 mV, NaN where it is lost.
        notes: what a person should know about how it was read, a line each.
        frame_fs: of frames, which may hold several samples, Hz: annotations count them if they name no rate.
    """

    path: Path
    fs: float
    lead: str
    length: int
    read: Callable[[int, int], np.ndarray]
    notes: tuple[str, ...] = ()
    frame_fs: float | None = None

    @property
    def name(self) -> str:
        """Name of the recording."""
        return recording_name(self.path)


def lead_notes(names: Sequence[str], channel: int, lead: str | None) -> tuple[str, ...]:
    """Return which lead was taken, if nobody said which one of several."""
    if lead is not None or len(names) == 1:
        return ()
    known = ", ".join(name or f"channel {i}" for i, name in enumerate(names))[:200]
    return (f"lead {names[channel] or channel} is taken, of {known} (--lead takes another)",)


def check_rate(path: Path, fs: float, lead: str) -> None:
    """Refuse a sampling rate that cannot be used.

    Args:
        path: the file, for the message.
        fs: Hz.
        lead: its name, for the message.

    Raises:
        DataError: with the rates that can be used.
    """
    if not RATES[0] <= fs <= RATES[1]:
        least, most = RATES
        raise DataError(f"{path}: sampling rate of '{lead}' is {fs:g} Hz; {least} to {most} Hz can be used")
