"""The table of labelled beats that every stage after `segment` works on."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd

from arrhythmia.aami import CLASSES
from arrhythmia.errors import DataError
from arrhythmia.utils.files import load_arrays, save_arrays


@dataclass(frozen=True)
class Beats:
    """`n` labelled beats, ordered by record and time.

    Attributes:
        waveform: `(n, length)` float32; for the `centred` window mV around the R peak, from the conditioned
            signal (`arrhythmia.ecg.conditioning`); for the `kaggle` window 0..1, from the signal as it is.
        rr: `(n, rr_before + rr_after)` float32, s: the intervals between neighbouring beats, oldest first;
            column `rr_before - 1` is the interval that ends with this beat, the next one starts with it. NaN
            where there is no such beat.
        rr_long: `(n,)` float32, s: mean of the intervals up to `segment.rr_long` before and after; NaN where
            there is none.
        record: `(n,)` str: name of the record; empty where the source does not tell.
        sample: `(n,)` int32: position of the annotation or detection in the record, in samples at the
            record's own rate; -1 if unknown.
        annotation: `(n,)` int32: index of the beat among all annotations of its record; -1 if unknown.
        symbol: `(n,)` str: annotation symbol.
        label: `(n,)` int8: class, an index into `aami.CLASSES`; -1 where it is to be predicted.
        kaggle: `(n,)` bool: whether the Kaggle files hold this beat (all but each record's last annotation).
        source: `()` str: where the recordings come from (`physionet`, `synthetic`, `kaggle` or
            `simulated`; `recording` for one of a user).
        fs: `()` float: sampling rate of `waveform`, Hz.
        r_index: `()` int: column of `waveform` at the R peak.
        rr_before: `()` int: number of columns of `rr` up to the beat.
    """

    waveform: np.ndarray
    rr: np.ndarray
    rr_long: np.ndarray
    record: np.ndarray
    sample: np.ndarray
    annotation: np.ndarray
    symbol: np.ndarray
    label: np.ndarray
    kaggle: np.ndarray
    source: np.ndarray
    fs: np.ndarray
    r_index: np.ndarray
    rr_before: np.ndarray

    def __len__(self) -> int:
        """Return the number of beats."""
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
        raise DataError(
            f"{path}: fields {sorted(missing)} do not match this version; run `dvc repro segment`"
        )
    return Beats(**arrays)


def beat_table(record: np.ndarray, label: np.ndarray) -> pd.DataFrame:
    """Count the beats of each class in each record, with a last row of totals.

    Args:
        record: `(n,)` names of the records.
        label: `(n,)` classes, indices into `aami.CLASSES`.
    """
    table = pd.crosstab(record, label).reindex(columns=range(len(CLASSES)), fill_value=0)
    table.columns = list(CLASSES)
    table.loc["all"] = table.sum()
    return table.rename_axis("record")
