"""Dividing the beats into train and test, the training beats into folds, and proving that nothing leaks.

What is held out in turn lets every choice be made without the test set.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, train_test_split

from arrhythmia.aami import CLASSES, SAME_PATIENT
from arrhythmia.ecg.beats import Beats
from arrhythmia.errors import DataError
from arrhythmia.protocols import SOURCES


@dataclass(frozen=True)
class Split:
    """Row numbers into the table of beats, ascending, and the folds of the training rows.

    Attributes:
        train: `(n,)` int32 rows to learn and to choose from.
        fold: `(n,)` int8: the fold in which each training row is held out.
        test: `(m,)` int32 rows that nothing but the final score may look at.
    """

    train: np.ndarray
    fold: np.ndarray
    test: np.ndarray


def intra_patient(
    beats: Beats, test_rows: pd.DataFrame, *, folds: int, test_fraction: float, seed: int
) -> Split:
    """Split beats at random: the same patients stand on both sides, so the scores are optimistic.

    Real recordings are tested on the rows of the Kaggle test file and trained on its other rows; synthetic
    ones on a stratified draw.

    Args:
        beats: the labelled beats.
        test_rows: `record` and `annotation` of the Kaggle test rows.
        folds: number of folds of the training beats.
        test_fraction: share of the beats for testing (synthetic recordings only).
        seed: seed of the draws.

    Raises:
        DataError: a row of the Kaggle test file is no beat here, or there are fewer beats than folds.
    """
    rows = np.flatnonzero(beats.kaggle)
    if beats.source == "synthetic":
        train, test = train_test_split(
            rows, test_size=test_fraction, random_state=seed, stratify=beats.label[rows]
        )
    else:
        keys = pd.MultiIndex.from_arrays([beats.record, beats.annotation])
        tested = keys.isin(pd.MultiIndex.from_frame(test_rows[["record", "annotation"]]))
        if tested.sum() != len(test_rows):
            raise DataError(
                f"only {tested.sum()} of the {len(test_rows)} Kaggle test beats are in data/beats.npz; "
                "run `dvc repro --force download segment`"
            )
        train, test = rows[~tested[rows]], rows[tested[rows]]
    train = np.sort(train)
    return _split(train, folds_by_beat(beats.label[train], folds=folds, seed=seed), test)


def inter_patient(beats: Beats, *, folds: int) -> Split:
    """Split by patient: train on DS1, test on DS2 (de Chazal 2004), paced records left out.

    Args:
        beats: the labelled beats.
        folds: number of folds of the training records.

    Raises:
        DataError: the source does not tell patients apart, or has fewer training records than folds.
    """
    _check_patients_known(beats, "inter_patient")
    source = SOURCES[str(beats.source)]
    train = np.flatnonzero(np.isin(beats.record, source.training))
    fold = folds_by_record(beats.label[train], beats.record[train], folds=folds)
    return _split(train, fold, np.flatnonzero(np.isin(beats.record, source.testing)))


def all_patients(beats: Beats, *, folds: int) -> Split:
    """Train and test on all patients, paced ones too, each tested by what has not learnt from that patient.

    Args:
        beats: the labelled beats.
        folds: number of folds of whole patients.

    Raises:
        DataError: the source does not tell patients apart, or has fewer of them than folds.
    """
    _check_patients_known(beats, "all_patients")
    rows = np.arange(len(beats))
    return _split(rows, folds_by_record(beats.label, patients_of(beats.record), folds=folds), rows)


def patients_of(record: np.ndarray) -> np.ndarray:
    """Return the patient of each beat, `(n,)`, by the first of that patient's records."""
    return np.array([SAME_PATIENT.get(name, name) for name in record])


def _check_patients_known(beats: Beats, protocol: str) -> None:
    if not SOURCES[str(beats.source)].training:
        raise DataError(
            f"download.source={beats.source} does not tell patients apart, so {protocol} cannot be run; "
            "add -S 'protocols=[intra_patient]'"
        )


def folds_by_beat(label: np.ndarray, *, folds: int, seed: int) -> np.ndarray:
    """Draw folds of beats with the same share of every class.

    Args:
        label: `(n,)` class of each beat.
        folds: number of folds.
        seed: seed of the draw.

    Returns:
        `(n,)` int8: the fold in which each beat is held out.

    Raises:
        DataError: there are fewer beats than folds.
    """
    _check_folds(folds, len(label), "beats")
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

    Raises:
        DataError: there are fewer records than folds.
    """
    _check_folds(folds, len(set(record)), "training records")
    return _numbered(StratifiedGroupKFold(n_splits=folds).split(label, label, groups=record), len(label))


def check_rows(split: Split, label: np.ndarray, *, out_of_fold: bool = False) -> None:
    """Refuse a split with a row on two sides, or a class that is missing from train.

    Args:
        split: the split to check.
        label: `(n,)` class of every beat.
        out_of_fold: whether the rows to test are those to train, each in a fold.

    Raises:
        DataError: the split must not be used.
    """
    sides = [split.train] if out_of_fold else [split.train, split.test]
    rows, count = np.unique(np.concatenate(sides), return_counts=True)
    if np.any(count > 1):
        raise DataError(
            f"split: {np.sum(count > 1)} beats are on two sides, the first is row {rows[count > 1][0]}"
        )
    absent = sorted(set(range(len(CLASSES))) - set(label[split.train].tolist()))
    if absent:
        names = ", ".join(CLASSES[label] for label in absent)
        raise DataError(f"split: no beat of class {names} in train; use more or longer recordings")


def check_records(split: Split, record: np.ndarray, *, out_of_fold: bool = False) -> None:
    """Refuse a split by patient in which both sides, or two folds, share a record.

    Args:
        split: the split to check.
        record: `(n,)` name of each beat's record.
        out_of_fold: whether the rows to test are those to train, each in a fold.

    Raises:
        DataError: the split must not be used.
    """
    train = record[split.train]
    shared = sorted(set(train) & set(record[split.test]))
    if shared and not out_of_fold:
        raise DataError(f"split: records {', '.join(shared)} are on two sides of the inter-patient split")
    torn = [name for name in sorted(set(train)) if len(set(split.fold[train == name])) > 1]
    if torn:
        raise DataError(f"split: records {', '.join(torn)} are in two folds")


def _split(train: np.ndarray, fold: np.ndarray, test: np.ndarray) -> Split:
    return Split(train.astype(np.int32), fold, np.sort(test).astype(np.int32))


def _check_folds(folds: int, most: int, what: str) -> None:
    if not 2 <= folds <= most:
        raise DataError(f"split.folds is {folds}; use 2 to {most}, the number of {what}")


def _numbered(pairs, n: int) -> np.ndarray:
    fold = np.empty(n, dtype=np.int8)
    for number, (_, held_out) in enumerate(pairs):
        fold[held_out] = number
    return fold
