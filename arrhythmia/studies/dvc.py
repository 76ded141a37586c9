"""The right DVC for the commands of this folder."""

import os
import subprocess
import sys
from pathlib import Path

from arrhythmia.errors import DataError


def run_dvc(words: list[str]) -> int:
    """Run `dvc` with these words, and return its exit code."""
    return subprocess.run(["dvc", *words], env=dvc_environment()).returncode


def dvc_output(words: list[str]) -> str:
    """Run `dvc` with these words, and return what it prints.

    Raises:
        DataError: DVC failed.
    """
    done = subprocess.run(
        ["dvc", *words], env=dvc_environment(), capture_output=True, text=True, encoding="utf-8"
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["no reason given"]
        raise DataError(f"dvc {' '.join(words[:2])}: {said[-1]}")
    return done.stdout


def dvc_environment() -> dict[str, str]:
    """Return the environment in which `dvc` is the one of this interpreter's environment.

    So is the `python` that the stages call, also where the environment is not activated.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return os.environ | {"PATH": path}
