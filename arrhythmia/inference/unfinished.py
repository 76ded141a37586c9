"""The files of a recording's prediction: all of them or none."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from arrhythmia.utils.files import move_all


def file_name(name: str) -> str:
    """Return `name` with letters, digits, - and _ alone, as WFDB wants it."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)


def unfinished_folder(folder: Path, name: str) -> Path:
    """Return the hidden folder that holds the files of a recording until all are there."""
    return folder / f".{name}.unfinished"


def remove_unfinished(folder: Path, name: str) -> None:
    """Remove what a prediction that was stopped has left."""
    shutil.rmtree(unfinished_folder(folder, name), ignore_errors=True)


@contextmanager
def finished_together(folder: Path, name: str) -> Iterator[Path]:
    """Yield a hidden folder, and move the files in it to `folder` if the block succeeds, else remove them."""
    unfinished = unfinished_folder(folder, name)
    remove_unfinished(folder, name)  # of a run that was killed
    unfinished.mkdir(parents=True)
    try:
        yield unfinished
        move_all([(path, folder / path.name) for path in sorted(unfinished.iterdir())])
    finally:
        remove_unfinished(folder, name)
