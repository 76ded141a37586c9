"""Writing files so that nobody ever meets a half-written one."""

import glob
import os
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from arrhythmia.errors import DataError

UNIX = 3
"""The system that wrote a member of a zip archive, by the number that the format gives it."""


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary name beside `path`, and move it to `path` when the block succeeds.

    The temporary name keeps the suffix of `path`, because many writers choose the format by it.
    When the block raises, the temporary file is removed and `path` stays as it was.
    """
    with replacing_all([Path(path)]) as (temporary,):
        yield temporary


@contextmanager
def replacing_all(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Yield a temporary name beside each of `paths`, and move all files there when the block succeeds.

    When the block raises, or a file cannot be moved, none is left under its final name that this block wrote,
    and the temporary files are removed. Two processes must not write one file at once.
    """
    temporaries = [path.with_name(f".{path.stem}.{os.getpid()}.tmp{path.suffix}") for path in paths]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        for stale in path.parent.glob(f".{glob.escape(path.stem)}.*.tmp{path.suffix}"):  # of a killed run
            stale.unlink()
    try:
        yield temporaries
        move_all(list(zip(temporaries, paths, strict=True)))
    finally:
        for temporary in temporaries:
            temporary.unlink(missing_ok=True)


def move_all(moves: Sequence[tuple[Path, Path]]) -> None:
    """Move each file to its new path; if that fails for one of them, remove those that were moved.

    Args:
        moves: old and new path, both in one file system, so that a move needs no space.
    """
    moved: list[Path] = []
    try:
        for old, new in moves:
            os.replace(old, new)
            moved.append(new)
    except BaseException:
        for path in moved:
            path.unlink()
        raise


def write_text(path: str | Path, text: str) -> None:
    """Write `text` to `path` in UTF-8, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def save_arrays(path: str | Path, **arrays: np.ndarray) -> None:
    """Save `arrays` as an uncompressed `.npz` whose bytes depend on the arrays alone.

    `np.savez` asks zipfile for headers of 64 bits, which Python wrote otherwise before 3.11.4; those of
    members whose size is told beforehand are the same in each version.
    """
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy")  # of 1980
            member.create_system, member.file_size = UNIX, array.nbytes
            with archive.open(member, "w") as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def load_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """Load every array of an `.npz` file; refuses pickled objects.

    Raises:
        DataError: the file does not exist, or is damaged.
    """
    if not Path(path).exists():
        raise DataError(f"{path}: missing; run `dvc repro`")
    try:
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: damaged ({error}); delete it and run `dvc repro`") from error
