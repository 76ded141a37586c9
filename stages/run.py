"""What every stage script needs around its `main()`: the arguments, checked."""

import inspect
import sys
from collections.abc import Callable
from pathlib import Path

from arrhythmia.command_line import errors_in_one_line
from arrhythmia.errors import DataError
from arrhythmia.protocols import ARGUMENTS


def run(main: Callable[..., None]) -> None:
    """Call `main` with the command line's arguments; an error or Ctrl-C ends in one line and exit code 1."""
    signature = inspect.signature(main)
    try:
        signature.bind(*sys.argv[1:])
    except TypeError:
        script = Path(sys.argv[0]).stem
        sys.exit(" ".join(["usage: python -m", f"stages.{script}", *map(str.upper, signature.parameters)]))
    for name, value in zip(signature.parameters, sys.argv[1:], strict=True):
        if value not in ARGUMENTS[name]:
            sys.exit(f"error: unknown {name} '{value}'; use {' or '.join(ARGUMENTS[name])}")
    with errors_in_one_line():
        try:
            main(*sys.argv[1:])
        except FileNotFoundError as error:
            raise DataError(f"{error.filename}: missing; run `dvc repro`") from error
