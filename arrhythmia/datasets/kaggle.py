"""The two CSV files of the well-known Kaggle data set of heartbeats: fetching, unpacking, checked reading.

The files are those of M. Kachuee, S. Fazeli, M. Sarrafzadeh, "ECG Heartbeat Classification: A Deep
Transferable Representation", IEEE ICHI 2018: no header, 187 values in 0..1 and the label 0..4 in each row.
"""

import csv
import math
import shutil
import subprocess
import zipfile
import zlib
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

from arrhythmia.aami import CLASSES
from arrhythmia.errors import DataError
from arrhythmia.utils.files import replacing

DATASET = "shayanfazeli/heartbeat"
PUBLISHED_ROWS = {"mitbih_train.csv": 87_554, "mitbih_test.csv": 21_892}
"""The two files, and the rows that each was published with."""
VALUES = 187


def read_rows(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Read one of the files, and check every value in it.

    Args:
        path: the file; one with a name of `PUBLISHED_ROWS` must have that many rows.

    Returns:
        waveform: `(n, 187)` float32, 0..1 (each beat scaled by its own minimum and maximum).
        label: `(n,)` int8, an index into `aami.CLASSES`.

    Raises:
        DataError: a wrong number of columns or rows, a value or label out of range, or not a number.
    """
    path = Path(path)
    try:
        table = pd.read_csv(
            path, header=None, dtype=np.float32, quoting=csv.QUOTE_NONE, skip_blank_lines=False
        ).to_numpy()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; get it from the Kaggle data set {DATASET}") from None
    except ValueError as error:  # pandas' own parser errors are ValueErrors, too
        raise DataError(first_fault(path) or f"{path}: not a table of numbers ({error})") from None
    waveform, label = table[:, :VALUES], table[:, VALUES:]
    inside = (waveform >= 0) & (waveform <= 1)  # false for NaN
    if label.shape[1] != 1 or not inside.all() or not np.isin(label, range(len(CLASSES))).all():
        raise DataError(first_fault(path) or f"{path}: values out of range")
    if len(table) != PUBLISHED_ROWS.get(path.name, len(table)):
        raise DataError(
            f"{path}: {len(table)} rows, expected {PUBLISHED_ROWS[path.name]}; get the whole file again"
        )
    return waveform, label[:, 0].astype(np.int8)


def first_fault(path: Path) -> str | None:
    """Name the first bad line of a file that is known to have one; slow, and so only then."""
    with path.open(encoding="utf-8", errors="replace", newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            fault = fault_of(line.rstrip("\r\n").split(","))
            if fault:
                return f"{path}, line {number}: {fault}"
    return None


def fault_of(fields: list[str]) -> str | None:
    """Say what is wrong with the fields of one row, or return None."""
    if len(fields) != VALUES + 1:
        return f"{len(fields)} columns, expected {VALUES} values and a label"
    for column, field in enumerate(fields, start=1):
        try:
            number = float(field)
        except ValueError:
            number = math.nan
        if column > VALUES and number not in range(len(CLASSES)):
            return f"label {field!r}, expected one of 0..{len(CLASSES) - 1}"
        if column <= VALUES and not 0 <= number <= 1:
            return f"column {column} is {field!r}, expected a number in 0..1"
    return None


def fetch_with_client(folder: Path) -> None:
    """Download the data set with Kaggle's own client, which has the user's key, into an existing `folder`.

    Raises:
        DataError: there is no client, or it fails; it says itself why.
    """
    client = shutil.which("kaggle")
    if client is None:
        raise DataError(
            "Kaggle's client `kaggle` is not on PATH; install it (pip install kaggle), or set "
            f"download.kaggle_dir to a folder that has {' and '.join(PUBLISHED_ROWS)}"
        )
    command = [client, "datasets", "download", "-d", DATASET, "-p", str(folder)]
    code = subprocess.run(command, check=False).returncode
    if code != 0:
        raise DataError(f"`kaggle datasets download -d {DATASET}` failed with exit code {code}; see above")
    archive = folder / "heartbeat.zip"
    unpack(archive, folder)
    archive.unlink()


def unpack(archive: Path, folder: Path) -> None:
    """Unpack the two files, and nothing else, from the data set's archive into `folder`.

    Raises:
        DataError: the archive is missing or damaged, or lacks one of them.
    """
    try:
        with zipfile.ZipFile(archive) as members:
            for name in PUBLISHED_ROWS:
                with replacing(folder / name) as copy, members.open(name) as source, copy.open("wb") as file:
                    shutil.copyfileobj(source, file)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, FileNotFoundError) as error:
        raise DataError(f"{archive}: not the archive of {DATASET} ({error}); download it again") from None


def load_test_fold() -> pd.DataFrame:
    """Return `record` (str) and `annotation` (index among all annotations) of the 21,892 test rows.

    The published CSV files name no patients; this index was made by matching their rows with the
    recordings, and stands in the order of `mitbih_test.csv`.
    """
    with (files("arrhythmia.datasets") / "kaggle_test_fold.csv").open() as table:
        return pd.read_csv(table, dtype={"record": str})
