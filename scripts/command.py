"""The right DVC for the commands of this folder."""

import os
import subprocess
import sys
from pathlib import Path


def run_dvc(words: list[str]) -> int:
    """Run `dvc` with these words, and return its exit code.

    It is the one of this interpreter's environment, and so is the `python` that the stages call, also where
    the environment is not activated.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(["dvc", *words], env=os.environ | {"PATH": path}).returncode
