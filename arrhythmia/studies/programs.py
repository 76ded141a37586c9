"""The programs that the commands of this folder drive: git, and the right DVC."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from arrhythmia.errors import DataError


def run_dvc(words: list[str]) -> int:
    """Run `dvc` with these words, and return its exit code."""
    return subprocess.run(["dvc", *words], env=dvc_environment()).returncode


def dvc_output(words: list[str]) -> str:
    """Run `dvc` with these words, and return what it prints.

    Raises:
        DataError: DVC failed.
    """
    return _output(["dvc", *words], f"dvc {' '.join(words[:2])}", env=dvc_environment())


def git(*words: str, cwd: Path | None = None, **variables: str) -> str:
    """Run git and return what it prints.

    Args:
        words: its arguments.
        cwd: where; in the current folder if None.
        variables: of the environment, besides those that are there.

    Raises:
        DataError: git failed.
    """
    return _output(["git", *words], f"git {words[0]}", cwd=cwd, env=os.environ | variables)


def git_agrees(*words: str) -> bool:
    """Run git, and say whether it succeeds."""
    return subprocess.run(["git", *words], capture_output=True).returncode == 0


def _output(command: list[str], called: str, **where: Any) -> str:
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", **where)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["no reason given"]
        raise DataError(f"{called}: {said[-1]}")
    return done.stdout


def dvc_environment() -> dict[str, str]:
    """Return the environment in which `dvc` is the one of this interpreter's environment.

    So is the `python` that the stages call, also where the environment is not activated.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return os.environ | {"PATH": path}
