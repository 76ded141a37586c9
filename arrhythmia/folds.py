"""Folds of the training beats: what is held out in turn lets every choice be made without the test set."""

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from arrhythmia.errors import DataError


def folds_by_beat(label: np.ndarray, *, folds: int, seed: int) -> np.ndarray:
    """Draw folds of beats with the same share of every class.

    Args:
        label: `(n,)` class of each beat.
        folds: number of folds.
        seed: seed of the draw.

    Returns:
        `(n,)` int8: the fold in which each beat is held out.
    """
    _check(folds, len(label), "beats")
    draw = StratifiedKFold(n_splits=folds, shuffle=True, random_state=seed).split(label, label)
    return _numbered(draw, len(label))


def folds_by_record(label: np.ndarray, record: np.ndarray, *, folds: int) -> np.ndarray:
    """Make folds of whole records that spread the rare classes: few patients carry S and F.

    Args:
        label: `(n,)` class of each beat.
        record: `(n,)` name of its record.
        folds: number of folds.

    Returns:
        `(n,)` int8: the fold in which each beat is held out; the same for all beats of a record.
    """
    _check(folds, len(set(record)), "training records")
    return _numbered(StratifiedGroupKFold(n_splits=folds).split(label, label, groups=record), len(label))


def _check(folds: int, most: int, what: str) -> None:
    if not 2 <= folds <= most:
        raise DataError(f"params.yaml: split.folds is {folds}; use 2 to {most}, the number of {what}")


def _numbered(pairs, n: int) -> np.ndarray:
    fold = np.empty(n, dtype=np.int8)
    for number, (_, held_out) in enumerate(pairs):
        fold[held_out] = number
    return fold
