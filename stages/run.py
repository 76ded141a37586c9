"""What every stage script needs around its `main()`: the arguments, checked; what comes, how long it took."""

import inspect
import sys
import time
from collections.abc import Callable
from pathlib import Path

from arrhythmia.command_line import errors_in_one_line
from arrhythmia.errors import DataError
from arrhythmia.params import read_yaml
from arrhythmia.protocols import ARGUMENTS
from arrhythmia.utils.progress import duration

PIPELINE = Path(__file__).parents[1] / "dvc.yaml"


def run(main: Callable[..., None]) -> None:
    """Call `main` with the command line's arguments; an error or Ctrl-C ends in one line and exit code 1.

    Before it comes what dvc.yaml says of the stage, after it how long it took.
    """
    stage = Path(sys.argv[0]).stem
    signature = inspect.signature(main)
    try:
        signature.bind(*sys.argv[1:])
    except TypeError:
        sys.exit(" ".join(["usage: python -m", f"stages.{stage}", *map(str.upper, signature.parameters)]))
    for name, value in zip(signature.parameters, sys.argv[1:], strict=True):
        if value not in ARGUMENTS[name]:
            sys.exit(f"error: unknown {name} '{value}'; use {' or '.join(ARGUMENTS[name])}")
    with errors_in_one_line():
        print(read_yaml(PIPELINE)["stages"][stage]["desc"], flush=True)
        start = time.monotonic()
        try:
            main(*sys.argv[1:])
        except FileNotFoundError as error:
            raise DataError(f"{error.filename}: missing; run `dvc repro`") from error
        print(" ".join([stage, *sys.argv[1:]]) + f": took {duration(time.monotonic() - start)}")
