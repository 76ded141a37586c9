"""The border to files of other people and the libraries that read them: an error is one line."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath

from arrhythmia.errors import DataError, one_line, wants_memory

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
"""What a path may be that is no file; to open some of them waits for ever."""


@contextmanager
def guarded(path: Path, problem: str = "cannot be read") -> Iterator[None]:
    """Turn whatever a library raises over a file into one line that names the file.

    On damaged bytes the readers raise whatever they stumble over, so every exception counts. Two pass: a
    `DataError` has its line, and for want of memory no file is to blame.

    Args:
        path: the file, for the message.
        problem: what it means, for the message.

    Raises:
        DataError: anything but `DataError` and `MemoryError` was raised within.
    """
    try:
        yield
    except (DataError, MemoryError):
        raise
    except FileNotFoundError as error:
        raise DataError(f"{path}: {error.filename or path} is missing") from error
    except Exception as error:
        if wants_memory(error):
            raise MemoryError from error
        if isinstance(error, OSError):
            raise DataError(f"{path}: {problem} ({error.strerror or one_line(error)})") from error
        stumbled = isinstance(error, LookupError | NameError | TypeError | AttributeError)
        reason = "" if stumbled else one_line(error)
        raise DataError(f"{path}: {problem} ({reason or 'it is damaged'})") from error


def check_files(paths: Iterable[Path], most: float) -> None:
    """Refuse what is no file, what is empty, and files that are too large together.

    Args:
        paths: files of one recording, its own file first.
        most: bytes.

    Raises:
        DataError: with what is wrong.
    """
    total = 0
    for path in paths:
        total += file_size(path)
        if total > most:
            raise too_large(path, total, most)


def too_large(path: PurePath, total: int, most: float) -> DataError:
    """Return the refusal of a recording with so many bytes to read where at most `most` are taken."""
    return DataError(
        f"{path}: {total / 1e6:,.0f} MB to read, at most {most / 1e6:,.0f} MB are taken; "
        "allow more with --max-size"
    )


def file_size(path: Path) -> int:
    """Return the bytes of a file.

    Raises:
        DataError: there is none, it is empty, or no ordinary file.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        hint = "; save it to a file first" if path.name == "-" else ""
        raise DataError(f"{path}: missing{hint}") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error
    if not stat.S_ISREG(found.st_mode):
        kind = KINDS.get(stat.S_IFMT(found.st_mode), "no file")
        raise DataError(f"{path}: is {kind}; give a file")
    if not found.st_size:
        raise DataError(f"{path}: empty file")
    if not os.access(path, os.R_OK):
        raise DataError(f"{path}: cannot be read (Permission denied)")
    return found.st_size
