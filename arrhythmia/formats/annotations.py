"""The annotations beside a user's WFDB record."""

import numpy as np

from arrhythmia.aami import LABELS
from arrhythmia.ecg.annotations import parse_annotations
from arrhythmia.errors import DataError
from arrhythmia.formats.ecg import Ecg
from arrhythmia.formats.guard import file_size, guarded
from arrhythmia.formats.wfdb_header import find_file

LONGEST_FILE = 100_000_000
"""Bytes of an annotation file: a month of beats has less."""


def read_annotations(ecg: Ecg, annotator: str) -> tuple[np.ndarray, np.ndarray]:
    """Read the annotations that stand beside a WFDB record.

    Args:
        ecg: the recording.
        annotator: suffix of the file, such as `atr`.

    Returns:
        `(m,)` positions, in samples of the record whatever the rate of the file, and `(m,)` symbols of all
        annotations.

    Raises:
        DataError: there is no such file, it is damaged, or there is no beat in it.
    """
    if "/" in annotator or not annotator:
        raise DataError(f"'{annotator}' is no name of annotations; name the suffix of a file, such as atr")
    path = find_file(ecg.path.with_name(f"{ecg.path.name}.{annotator}"))
    if not path.exists():
        raise DataError(f"{path}: missing; --beats and --compare need a WFDB record with annotations")
    if file_size(path) > LONGEST_FILE:
        raise DataError(f"{path}: {file_size(path) / 1e6:.0f} MB long; these are no annotations")
    with guarded(path):
        found = parse_annotations(path.read_bytes(), str(path))
    symbol, stated = found.symbol, np.array(found.sample, dtype=np.int64)
    rate = found.fs or ecg.frame_fs or ecg.fs
    sample = np.round(stated * (ecg.fs / rate)).astype(np.int64)
    if not np.isin(symbol, list(LABELS)).any():
        raise DataError(f"{path}: no beat annotation in it")
    wrong = (sample < 0) | (stated >= ecg.length * rate / ecg.fs) | (np.diff(sample, prepend=sample[0]) < 0)
    if wrong.any():
        raise DataError(
            f"{path}: annotation at {stated[wrong][0]} is out of order or outside the record's {ecg.length} "
            "samples; does the file belong to it?"
        )
    return sample.clip(max=ecg.length - 1), symbol  # rounding may lead behind the last one
