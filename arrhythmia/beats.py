"""The table of labelled beats that every stage after `segment` works on."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from arrhythmia.errors import DataError
from arrhythmia.files import load_arrays, save_arrays


@dataclass(frozen=True)
class Beats:
    """`n` labelled beats, ordered by record and time.

    Attributes:
        waveform: `(n, length)` float32; mV for the `centred` window, 0..1 for the `kaggle` window.
        rr: `(n, before + after)` float32, s: the intervals between neighbouring beats, oldest first; column
            `before - 1` is the interval that ends with this beat, column `before` the one that starts with
            it. NaN where there is no such beat.
        record: `(n,)` str: name of the record; empty where the source does not tell.
        sample: `(n,)` int32: position of the R peak in the record, in samples at `record_fs`; -1 if unknown.
        annotation: `(n,)` int32: index of the beat among all annotations of its record; -1 if unknown.
        symbol: `(n,)` str: annotation symbol.
        label: `(n,)` int8: class, an index into `aami.CLASSES`.
        source: `()` str: where the recordings come from (`physionet`, `synthetic` or `kaggle`).
        fs: `()` float: sampling rate of `waveform`, Hz.
        r_index: `()` int: column of `waveform` at the R peak.
        rr_before: `()` int: number of columns of `rr` before the beat.
        record_fs: `()` float: sampling rate of the recordings, Hz.
    """

    waveform: np.ndarray
    rr: np.ndarray
    record: np.ndarray
    sample: np.ndarray
    annotation: np.ndarray
    symbol: np.ndarray
    label: np.ndarray
    source: np.ndarray
    fs: np.ndarray
    r_index: np.ndarray
    rr_before: np.ndarray
    record_fs: np.ndarray

    def __len__(self) -> int:
        return len(self.label)


def save_beats(path: str | Path, beats: Beats) -> None:
    """Save `beats` as an `.npz` file, one array a field."""
    save_arrays(path, **{field.name: np.asarray(getattr(beats, field.name)) for field in fields(Beats)})


def load_beats(path: str | Path) -> Beats:
    """Load beats saved by `save_beats`.

    Raises:
        DataError: the file was written by another version of this project.
    """
    arrays = load_arrays(path)
    missing = {field.name for field in fields(Beats)} ^ set(arrays)
    if missing:
        raise DataError(f"{path}: fields {sorted(missing)} do not match this version; run `dvc repro segment`")
    return Beats(**arrays)
