"""What the commands of this folder share: errors that are one line, and the right DVC."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from arrhythmia.errors import DataError


def run(main: Callable[[list[str]], None]) -> None:
    """Call `main` with the command line's arguments; an error or Ctrl-C ends in one line and exit code 1."""
    try:
        main(sys.argv[1:])
    except DataError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted")


def run_dvc(words: list[str]) -> int:
    """Run `dvc` with these words, and return its exit code.

    It is the one of this interpreter's environment, and so is the `python` that the stages call, also where
    the environment is not activated.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(["dvc", *words], env=os.environ | {"PATH": path}).returncode
