"""What every stage script needs around its `main()`: arguments, and one-line errors."""

import inspect
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from arrhythmia.determinism import check_environment, warn_if_unsupported
from arrhythmia.errors import DataError
from arrhythmia.protocols import ARGUMENTS


def listen_for_interrupts() -> None:
    """Let Ctrl-C raise KeyboardInterrupt, now that all is loaded; where a shell ignores it, leave it so."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


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


def run_command(main: Callable[[list[str]], None]) -> None:
    """Call `main` with the command line's arguments; an error or Ctrl-C ends in one line and exit code 1."""
    with errors_in_one_line():
        main(sys.argv[1:])


@contextmanager
def errors_in_one_line() -> Iterator[None]:
    """Check where the program runs, then end an error or Ctrl-C within in one line and exit code 1."""
    listen_for_interrupts()
    warn_if_unsupported()
    try:
        check_environment()
        yield
    except DataError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted")
