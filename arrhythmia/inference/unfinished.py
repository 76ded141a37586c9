"""The files of a recording's prediction: all of them or none."""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from arrhythmia.utils.files import move_all

ANNOTATIONS, BEATS, PICTURE = ".pred", ".beats.csv", ".minute.png"
SUMMARY, PAGE = ".summary.json", ".page.html"
"""What follows the recording's name in those of its files; the page is written on demand."""


def file_name(name: str) -> str:
    """Return `name` with letters, digits, - and _ alone, as WFDB wants it."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)


def unfinished_folder(folder: Path, name: str) -> Path:
    """Return the folder that holds the files of a recording until this process has all of them.

    It lies in a hidden one, where few are: who looks for those of a recording need not look through results.
    """
    return folder / ".unfinished" / f"{name}.{os.getpid()}"


def remove_unfinished(folder: Path, name: str) -> None:
    """Remove what a prediction that was stopped has left, but nothing of one that is at work."""
    with suppress(OSError), locked(folder, wait=True):
        _remove_unfinished(folder, name)


def _remove_unfinished(folder: Path, name: str) -> None:
    """Remove it while the lock of `folder` is held, and the hidden folder if it is empty then."""
    unfinished = unfinished_folder(folder, name)
    for left in unfinished.parent.glob(f"{name}.*"):
        with suppress(OSError), locked(left, wait=False):
            shutil.rmtree(left, ignore_errors=True)
    with suppress(OSError):
        unfinished.parent.rmdir()


@contextmanager
def locked(folder: Path, *, wait: bool) -> Iterator[None]:
    """Hold the lock of a folder, which ends with the process if not before.

    Raises:
        OSError: there is no such folder, or another one holds its lock and `wait` is false.
    """
    file = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(file)


@contextmanager
def finished_together(folder: Path, name: str) -> Iterator[Path]:
    """Yield a hidden folder, and move the files in it to `folder` if the block succeeds, else remove them.

    Of two processes with a recording of that name each one's files stay together: the last one's are left.
    """
    with suppress(FileExistsError):  # what is no folder is seen below
        folder.mkdir(parents=True)
    unfinished = unfinished_folder(folder, name)
    with ExitStack() as stack:
        with locked(folder, wait=True):  # so that nobody takes the new folder for one that was left
            _remove_unfinished(folder, name)
            unfinished.mkdir(parents=True)
            stack.callback(remove_unfinished, folder, name)  # when neither lock is held any more
            stack.enter_context(locked(unfinished, wait=True))
        yield unfinished
        with locked(folder, wait=True):
            (folder / f"{name}{PAGE}").unlink(missing_ok=True)  # one of an earlier prediction has other beats
            move_all([(path, folder / path.name) for path in sorted(unfinished.iterdir())])
