"""Dividing the beats into train, val and test, and proving that nothing leaks."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, train_test_split

from arrhythmia.aami import CLASSES, DS1, DS2, SYNTHETIC_DS1, SYNTHETIC_DS2
from arrhythmia.beats import Beats
from arrhythmia.errors import DataError

DIVISIONS = {"physionet": (DS1, DS2), "synthetic": (SYNTHETIC_DS1, SYNTHETIC_DS2)}
"""Records for training and for testing under the inter-patient protocol, by source."""


@dataclass(frozen=True)
class Split:
    """Row numbers into the table of beats, `(n,)` int32 each, ascending."""

    train: np.ndarray
    val: np.ndarray
    test: np.ndarray


def intra_patient(
    beats: Beats, fold: pd.DataFrame, *, val_fraction: float, test_fraction: float, seed: int
) -> Split:
    """Split beats at random: the same patients stand on both sides, so the scores are optimistic.

    Real recordings are tested on the rows of the Kaggle test file and trained on its other rows; synthetic
    ones on a stratified draw.

    Args:
        beats: the labelled beats.
        fold: `record` and `annotation` of the Kaggle test rows.
        val_fraction: share of the remaining beats for validation.
        test_fraction: share of the beats for testing (synthetic recordings only).
        seed: seed of the draws.
    """
    _check_fraction("val_fraction", val_fraction)
    _check_fraction("test_fraction", test_fraction)
    rows = np.flatnonzero(beats.kaggle)
    if beats.source == "synthetic":
        rest, test = _draw(rows, beats.label, test_fraction, seed)
    else:
        keys = pd.MultiIndex.from_arrays([beats.record, beats.annotation])
        in_fold = keys.isin(pd.MultiIndex.from_frame(fold[["record", "annotation"]]))
        if in_fold.sum() != len(fold):
            raise DataError(
                f"only {in_fold.sum()} of the {len(fold)} Kaggle test beats are in data/beats.npz; "
                "run `dvc repro --force download segment`"
            )
        rest, test = rows[~in_fold[rows]], rows[in_fold[rows]]
    train, val = _draw(rest, beats.label, val_fraction, seed)
    return _split(train, val, test)


def inter_patient(beats: Beats, *, val_fraction: float) -> Split:
    """Split by patient: train and val on DS1, test on DS2 (de Chazal 2004), paced records left out.

    Of the patient-grouped folds of DS1, the one that holds each class most nearly in proportion becomes
    val: few patients carry S and F, and a fold without them could not steer the training.

    Args:
        beats: the labelled beats.
        val_fraction: share of the training beats for validation; whole patients give about the nearest 1/k.

    Raises:
        DataError: the source does not tell patients apart.
    """
    _check_fraction("val_fraction", val_fraction)
    if str(beats.source) not in DIVISIONS:
        raise DataError(
            f"download.source={beats.source} does not tell patients apart, so inter_patient cannot be run; "
            "add -S 'protocols=[intra_patient]'"
        )
    training, testing = DIVISIONS[str(beats.source)]
    rest = np.flatnonzero(np.isin(beats.record, training))
    label = beats.label[rest]
    folds = StratifiedGroupKFold(n_splits=round(1 / val_fraction))
    train, val = min(
        folds.split(rest, label, groups=beats.record[rest]),
        key=lambda fold: np.abs(_class_shares(label, fold[1]) - val_fraction).sum(),
    )
    return _split(rest[train], rest[val], np.flatnonzero(np.isin(beats.record, testing)))


def check_rows(split: Split, label: np.ndarray) -> None:
    """Refuse a split with a row on two sides, or a class that is missing from train.

    Args:
        split: the split to check.
        label: `(n,)` class of every beat.

    Raises:
        DataError: the split must not be used.
    """
    rows, count = np.unique(np.concatenate([split.train, split.val, split.test]), return_counts=True)
    if np.any(count > 1):
        raise DataError(
            f"split: {np.sum(count > 1)} beats are on two sides, the first is row {rows[count > 1][0]}"
        )
    absent = sorted(set(range(len(CLASSES))) - set(label[split.train].tolist()))
    if absent:
        names = ", ".join(CLASSES[label] for label in absent)
        raise DataError(f"split: no beat of class {names} in train; use more or longer recordings")


def check_records(split: Split, record: np.ndarray) -> None:
    """Refuse an inter-patient split in which two sides share a record.

    Args:
        split: the split to check.
        record: `(n,)` name of each beat's record.

    Raises:
        DataError: the split must not be used.
    """
    train, val, test = (set(record[rows]) for rows in (split.train, split.val, split.test))
    shared = sorted((train & val) | (train & test) | (val & test))
    if shared:
        raise DataError(f"split: records {', '.join(shared)} are on two sides of the inter-patient split")


def _check_fraction(name: str, value: float) -> None:
    if not 0 < value <= 0.5:
        raise DataError(f"params.yaml: split.{name} is {value}; use a share above 0 and up to 0.5")


def _class_shares(label: np.ndarray, rows: np.ndarray) -> np.ndarray:
    total = np.bincount(label, minlength=len(CLASSES))
    return np.bincount(label[rows], minlength=len(CLASSES)) / np.maximum(total, 1)


def _draw(rows: np.ndarray, label: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    return train_test_split(rows, test_size=fraction, random_state=seed, stratify=label[rows])


def _split(train: np.ndarray, val: np.ndarray, test: np.ndarray) -> Split:
    return Split(*(np.sort(rows).astype(np.int32) for rows in (train, val, test)))
