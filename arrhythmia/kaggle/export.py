"""Writing beats as the two Kaggle files: the test file as published, the training file in our own order."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from arrhythmia.ecg.beats import Beats
from arrhythmia.errors import DataError

CHUNK = 8192
"""Rows turned into text at a time: 38 MB."""


def file_rows(beats: Beats, test_rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """Tell which beats stand in which of the two files, in the order of their rows.

    Both published files are sorted by class. Within a class the order of the test file is known, that of the
    training file is not but for five rows: here it is by record and time.

    Args:
        beats: all beats of the database, cut with the `kaggle` window.
        test_rows: `record` and `annotation` of the test rows, in their order (`load_test_fold`).

    Returns:
        Indices into `beats` by file name.

    Raises:
        DataError: beats of the test file are missing.
    """
    where = pd.MultiIndex.from_arrays([beats.record, beats.annotation])
    test = where.get_indexer(pd.MultiIndex.from_frame(test_rows[["record", "annotation"]]))
    if (test < 0).any():
        raise DataError(
            f"{(test < 0).sum()} of the {len(test_rows)} rows of the test file are not in these recordings; "
            "name the folder of the 48 records of the MIT-BIH Arrhythmia Database: --records FOLDER"
        )
    rest = np.setdiff1d(np.arange(len(beats)), test)
    train = rest[np.argsort(beats.label[rest], kind="stable")]
    return {"mitbih_train.csv": train, "mitbih_test.csv": test}


def rows_as_text(waveform: np.ndarray, label: np.ndarray) -> Iterator[tuple[int, bytes]]:
    """Format rows as `numpy.savetxt(delimiter=",")` does, as the published files are, but in seconds.

    A file has twenty million numbers and few different ones, because a window is a quotient of small whole
    numbers; so each different number of a chunk is formatted once.

    Args:
        waveform: `(n, 187)` float32, 0..1.
        label: `(n,)` classes 0..4.

    Yields:
        A number of rows, and their text in ASCII.
    """
    for start in range(0, len(label), CHUNK):
        rows = np.column_stack([waveform[start : start + CHUNK], label[start : start + CHUNK]])
        numbers, place = np.unique(rows, return_inverse=True)
        text = np.array([b"%.18e," % number for number in numbers.tolist()])
        cells = text[place.reshape(rows.shape)]  # (rows, 188), all of one width, as no number is negative
        cells.view("S1").reshape(len(rows), -1)[:, -1] = b"\n"
        yield len(rows), cells.tobytes()
