"""Run every stage of the last commit again, and say whether each output has the committed bytes.

arrhythmia verify      # or: make verify; three quarters of an hour on two cores, 1 GB of disk while it runs

The run is in a temporary copy below .dvc/tmp, with an empty cache: nothing here changes, and nothing that was
computed here is used. The recordings come from MITDB_MIRROR or else from data/raw, and each is checked; what
is not there is fetched. What is not committed is not part of the run.
Exit code 0: all bytes are the same. 1: some differ, or the run failed.
"""

import os
import platform
import signal
import subprocess
import sys
from collections.abc import Collection
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from arrhythmia import paths
from arrhythmia.command_line import command_parser
from arrhythmia.determinism import processor
from arrhythmia.errors import DataError
from arrhythmia.params import parse_yaml, read_yaml
from arrhythmia.studies.programs import dvc_environment, git

LOCK = "dvc.lock"
ROOM = Path(".dvc/tmp")
"""Where the copy is made: a place that git and DVC ignore, on a disk with room for the results of a run."""

GRACE = 10
"""How long an interrupted run may take to end by itself, s."""

LIBRARIES = {"NumPy": "numpy", "TensorFlow": "tensorflow", "Keras": "keras"}


def main(argv: list[str]) -> None:
    """Run the stages in a copy, and print the verdict; exit code 1 where an output differs."""
    command_parser("verify", __doc__).parse_args(argv)
    listen_for_endings()
    if here := changed_files(Path()):
        print(not_verified(here), file=sys.stderr)
    git("rev-parse", "--verify", "HEAD")  # fails where there is no commit
    ROOM.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="verify-", dir=ROOM.resolve()) as folder:
        copy = Path(folder)
        commit = clone(copy)
        committed = parse_yaml(git("show", f"{commit}:{LOCK}"))
        print(f"commit {commit[:7]}: running every stage in a temporary copy", flush=True)
        if run_all(copy):
            raise DataError(f"the run of commit {commit[:7]} failed; the lines above say why")
        changed = changed_files(copy)
        count, differ = differing(committed, read_yaml(copy / LOCK), changed)
        others = of_no_output(committed, changed)
    names = [name for path in differ for name in files_of(path, changed) or [path]] + others
    print(verdict(count, len(differ), names, commit, f"{processor()}; {versions()}"))
    if names:
        sys.exit(1)


def differing(
    committed: dict[str, Any], new: dict[str, Any], changed: Collection[str]
) -> tuple[int, list[str]]:
    """Compare the outputs of two lock files.

    Args:
        committed: dvc.lock as committed.
        new: dvc.lock after the run.
        changed: files that differ from the commit, as git sees it after the run. An output with one of them
            differs also where the lock files agree: the committed file is not what dvc.lock says of it.

    Returns:
        How many outputs there are, and, sorted, the paths of those that differ or are in one file only.
    """
    before, after = outputs(committed), outputs(new)
    every = before.keys() | after.keys()
    return len(every), sorted(
        path for path in every if before.get(path) != after.get(path) or files_of(path, changed)
    )


def of_no_output(lock: dict[str, Any], changed: Collection[str]) -> list[str]:
    """Return the changed files that belong to no output: a run should leave them alone, but for dvc.lock."""
    known = {file for path in outputs(lock) for file in files_of(path, changed)}
    return sorted(set(changed) - known - {LOCK})


def outputs(lock: dict[str, Any]) -> dict[str, str]:
    """Return the MD5 of every output of a lock file by path; a folder is one output."""
    stages = lock.get("stages", {}).values()
    return {out["path"]: out["md5"] for stage in stages for out in stage.get("outs", ())}


def files_of(path: str, files: Collection[str]) -> list[str]:
    """Return those of `files` that are the output `path` or are in it."""
    return [file for file in files if file == path or file.startswith(f"{path}/")]


def verdict(count: int, differ: int, names: list[str], commit: str, machine: str) -> str:
    """Say how many outputs have the committed bytes.

    Args:
        count: of all outputs.
        differ: how many of them differ.
        names: the files that differ, those of no output too; the folder of files that git does not keep.
        commit: full name of the commit.
        machine: processor and versions.
    """
    if not names:
        return f"{count} of {count} tracked outputs have the committed bytes (commit {commit[:7]}; {machine})"
    return "\n".join(
        [
            f"{differ} of {count} tracked outputs differ from commit {commit[:7]} ({machine}):",
            *names,
            "where the same bytes are promised, and what to do where they differ: docs/reproducibility.md",
        ]
    )


def not_verified(files: list[str]) -> str:
    """Say that changes of the work tree are not part of the run."""
    more = f" and {len(files) - 1} more" if files[1:] else ""
    return f"note: {files[0]}{more}: not committed, so not verified"


def versions() -> str:
    """Return the versions of Python and of the libraries that compute; none of them is loaded for it."""
    found = {"Python": platform.python_version()}
    found |= {name: version(package) for name, package in LIBRARIES.items()}
    return ", ".join(f"{name} {number}" for name, number in found.items())


def changed_files(folder: Path) -> list[str]:
    """Return the files of a work tree that differ from its commit, new ones included, as git names them.

    Raises:
        DataError: this is no git repository.
    """
    listed = git("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", cwd=folder)
    return [entry[3:] for entry in listed.split("\0") if entry]


def clone(copy: Path) -> str:
    """Clone the last commit to the empty folder `copy`, with an empty DVC cache in it, and return its name.

    Nothing in it is linked to anything outside, whatever this machine's configuration of DVC says.
    """
    git("clone", "--quiet", "--no-hardlinks", ".", str(copy))
    settings = copy / ".dvc" / "config.local"
    settings.parent.mkdir(exist_ok=True)
    settings.write_text("[cache]\n    dir = cache\n", encoding="utf-8")
    return git("rev-parse", "HEAD", cwd=copy).strip()


def run_environment(copy: Path) -> dict[str, str]:
    """Return the environment of the run: this one's `dvc`, files of DVC in `copy` only, recordings from here.

    The download stage copies the recordings and checks each file.
    """
    environment = dvc_environment() | {"DVC_SITE_CACHE_DIR": str(copy / ".dvc" / "tmp" / "site")}
    recordings = os.environ.get("MITDB_MIRROR")
    if not recordings and (paths.RAW / "100.hea").is_file():
        recordings = str(paths.RAW)
    if recordings and Path(recordings).is_dir():  # else a URL
        environment["MITDB_MIRROR"] = str(Path(recordings).resolve())
    return environment


def run_all(copy: Path) -> int:
    """Run every stage in `copy`, and return the exit code of DVC; after Ctrl-C nothing of the run is left."""
    words = ["dvc", "repro", "--force"]
    # A process group of its own can be ended whole, down to the workers of a training.
    with subprocess.Popen(
        words, cwd=copy, env=run_environment(copy), stdin=subprocess.DEVNULL, process_group=0
    ) as run:
        try:
            return run.wait()
        except KeyboardInterrupt:
            end_group(run)
            raise


def end_group(run: subprocess.Popen) -> None:
    """Interrupt a process group, and kill what is left of it after `GRACE`."""
    try:
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(run.pid, signal.SIGINT)
            run.wait(GRACE)
    finally:  # also when Ctrl-C comes again
        with suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
        run.wait()


def listen_for_endings() -> None:
    """Let a closed terminal and `kill` do what Ctrl-C does, so that neither run nor copy is left behind."""
    for number in (signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
