"""Several files that come to be together, or not at all."""

import glob
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing_all(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Yield a temporary name beside each of `paths`, and move all files there when the block succeeds.

    When the block raises, or a file cannot be moved, none is left under its final name that this block wrote,
    and the temporary files are removed.
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
