"""What stages and commands need around their `main()`: arguments, and errors and Ctrl-C in one line."""

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from arrhythmia.determinism import check_environment, warn_if_unsupported
from arrhythmia.errors import DataError


def end_at_interrupts() -> None:
    """Let Ctrl-C end the program at once while it loads libraries: without a traceback out of one of them."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def listen_for_interrupts() -> None:
    """Let Ctrl-C raise KeyboardInterrupt, now that all is loaded; where a shell ignores it, leave it so."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


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


def command_parser(name: str, about: str, **more: Any) -> argparse.ArgumentParser:
    """Return the parser of a subcommand, whose help keeps the lines of `about` as they are.

    Args:
        name: the words of the subcommand, such as `study seeds`.
        about: what it does.
        more: what else `ArgumentParser` takes.
    """
    return argparse.ArgumentParser(
        prog=f"arrhythmia {name}",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        **more,
    )
