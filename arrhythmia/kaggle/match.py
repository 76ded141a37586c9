"""Finding the beat of the database behind each row of somebody's Kaggle-style CSV file."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from arrhythmia.aami import CLASSES, DS1, DS2, PACED, SYNTHETIC_DS1, SYNTHETIC_DS2, SYNTHETIC_PACED
from arrhythmia.ecg.beats import Beats
from arrhythmia.ecg.windows import KAGGLE_LENGTH
from arrhythmia.errors import DataError, one_line

KEY_COLUMNS = slice(0, 64, 4)
"""Columns that the search tree compares: near the R peak, where windows differ most."""

DIVISION = (
    dict.fromkeys(DS1 + SYNTHETIC_DS1, "DS1")
    | dict.fromkeys(DS2 + SYNTHETIC_DS2, "DS2")
    | dict.fromkeys(PACED + SYNTHETIC_PACED, "paced")
)
"""The side of each record under the inter-patient protocol (de Chazal 2004)."""


def read_windows(path: str | Path) -> tuple[np.ndarray, np.ndarray | None]:
    """Read rows of Kaggle windows in whatever form somebody has saved them.

    There may be a header, a row number before the 187 values (as pandas writes it), and a label behind them.

    Args:
        path: CSV file with commas, compressed or not.

    Returns:
        waveform: `(n, 187)` float32, 0..1.
        label: `(n,)` float32 as it stands in the file, or None where there is no label column.

    Raises:
        DataError: not a table of numbers with 187 columns of values in 0..1.
    """
    try:
        first = pd.read_csv(path, header=None, nrows=1, dtype=str, keep_default_na=False)
        skip = int(_is_header(first.iloc[0]))
        table = pd.read_csv(path, header=None, skiprows=skip, dtype=np.float32).to_numpy()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}; name a CSV file") from None
    except (ValueError, EOFError) as error:  # pandas' own parser errors are ValueErrors, too
        said = one_line(error)
        raise DataError(f"{path}: not a table of numbers ({said}); name a CSV file with commas") from None
    extra = table.shape[1] - KAGGLE_LENGTH
    if extra not in (0, 1, 2):
        raise DataError(
            f"{path}: {table.shape[1]} columns; expected {KAGGLE_LENGTH} values, with or without "
            "a row number before them and a label behind them"
        )
    numbered = int(extra == 2 or (extra == 1 and table[:, 0].max() > 1))
    waveform, behind = np.split(table[:, numbered:], [KAGGLE_LENGTH], axis=1)
    outside = np.argwhere(~((waveform >= 0) & (waveform <= 1)))  # also where it is NaN
    if len(outside):
        row, column = outside[0]
        raise DataError(
            f"{path}: value {column} of row {row} (counted from 0) is {waveform[row, column]:g}, expected a "
            "number in 0..1; undo your own scaling, leave out rows with gaps"
        )
    return waveform, behind[:, 0] if behind.size else None


def _is_header(fields: pd.Series) -> bool:
    numbers = pd.to_numeric(fields, errors="coerce")
    # A row of data may hold two numbers outside 0..1, its row number and its label; a header of numbers more.
    return bool(numbers.isna().any() or (~numbers.between(0, 1)).sum() > 2)


def match_rows(
    waveform: np.ndarray, known: np.ndarray, *, tolerance: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the beat behind each row: the very same 187 numbers, or else all that differ by little.

    Args:
        waveform: `(n, 187)` float32, 0..1: the rows in question.
        known: `(m, 187)` float32, 0..1: the windows of all beats.
        tolerance: largest difference of any of the 187 values.

    Returns:
        beat: `(n,)` int64: index into `known`, -1 where nothing or more than one beat matches.
        count: `(n,)` int64: number of beats that match.
        difference: `(n,)` float32: largest difference from the nearest that matches, NaN where there is none.
    """
    same = defaultdict(list)
    for i, window in enumerate(known):
        same[window.tobytes()].append(i)
    found = [np.array(same.get(row.tobytes(), []), dtype=int) for row in waveform]
    difference = np.zeros(len(waveform), dtype=np.float32)
    rest = np.flatnonzero([len(beats) == 0 for beats in found])
    for row, (beats, apart) in zip(rest, _near(waveform[rest], known, tolerance), strict=True):
        found[row], difference[row] = beats, apart.min(initial=np.inf)
    count = np.array([len(beats) for beats in found], dtype=int)
    beat = np.array([beats[0] if len(beats) == 1 else -1 for beats in found], dtype=int)
    return beat, count, np.where(count > 0, difference, np.nan)


def _near(
    waveform: np.ndarray, known: np.ndarray, tolerance: float
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the beats within the tolerance of each row, and their largest differences from it."""
    if len(waveform) == 0:
        return
    # The largest difference over some columns is at most that over all, so no beat is overlooked.
    tree = cKDTree(known[:, KEY_COLUMNS])
    for row, near in zip(
        waveform, tree.query_ball_point(waveform[:, KEY_COLUMNS], tolerance, p=np.inf), strict=True
    ):
        beats = np.array(near, dtype=int)
        apart = np.abs(known[beats] - row).max(axis=1)
        yield beats[apart <= tolerance], apart[apart <= tolerance]


def beats_table(
    beats: Beats, test_rows: pd.DataFrame, beat: np.ndarray, count: np.ndarray, difference: np.ndarray
) -> pd.DataFrame:
    """Say where each row comes from.

    Args:
        beats: all beats of the recordings.
        test_rows: `record` and `annotation` of the Kaggle test rows (`load_test_fold`).
        beat: `(n,)` index into `beats`, -1 where the row has no one beat.
        count: `(n,)` number of beats that match.
        difference: `(n,)` from `match_rows`.

    Returns:
        One row a row of the file, in its order; columns `row` (counted from 0), `record`, `sample` (of the R
        peak, at 360 Hz), `symbol`, `class`, `division` (DS1, DS2 or paced), `kaggle` (the published file it
        is in: train or test), `matches` and `difference`. Empty but for the last two where `beat` is -1.
    """
    tested = pd.MultiIndex.from_frame(test_rows[["record", "annotation"]])
    where = pd.MultiIndex.from_arrays([beats.record, beats.annotation])
    known = pd.DataFrame(
        {
            "record": beats.record,
            "sample": pd.array(beats.sample, dtype="Int64"),
            "symbol": beats.symbol,
            "class": np.array(CLASSES)[beats.label],
            "division": [DIVISION.get(name) for name in beats.record],
            "kaggle": np.where(where.isin(tested), "test", "train"),
        }
    )
    table = known.reindex(beat).reset_index(drop=True)  # -1 is no index: an empty row
    return table.rename_axis("row").reset_index().assign(matches=count, difference=difference)
