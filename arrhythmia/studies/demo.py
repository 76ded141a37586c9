"""`make demo`: run the whole pipeline on synthetic recordings, as a DVC experiment that touches nothing here.

The results are then laid out in `demo/`. In a folder that is no git repository (a downloaded archive), or one
without a commit, the experiment runs in a copy, `demo/.copy`.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from arrhythmia.studies.programs import dvc_environment, git, git_agrees

HERE = Path.cwd()
RESULTS = HERE / "demo"
COPY = RESULTS / ".copy"
NAME = "demo"
PARTS = ("REPORT.md", "metrics", "plots")


def main(argv: list[str]) -> None:
    """Run the experiment and lay out its results."""
    argparse.ArgumentParser(prog="arrhythmia demo", description=__doc__).parse_args(argv)
    lend_identity()
    repository = HERE if has_commit() else snapshot()
    # An earlier demo makes way by name only: DVC's run cache keeps what it can (--force would run all again).
    subprocess.run(["dvc", "exp", "remove", NAME], cwd=repository, env=dvc_environment(), capture_output=True)
    run(*f"dvc exp run --temp -n {NAME} -S download.source=synthetic".split(), cwd=repository)
    lay_out(repository)
    print(
        f"\nDone. These are results on SYNTHETIC recordings: they show that everything runs, no more.\n"
        f"  {RESULTS.name}/REPORT.md   tables and figures; pictures in {RESULTS.name}/plots, "
        f"numbers in {RESULTS.name}/metrics\n"
        f"Compare with the committed results on real recordings{where(repository)}:\n"
        f"  . {HERE}/.venv/bin/activate   puts dvc on the PATH\n"
        f"  dvc metrics diff HEAD {NAME}       every figure beside the committed one\n"
        f"  dvc plots diff HEAD {NAME} --open  the curves, in a browser"
    )


def lend_identity() -> None:
    """Let git and DVC commit the experiment where no name and address are configured."""
    for key, value in {"name": "demo", "email": "demo@localhost"}.items():
        if not git_agrees("config", f"user.{key}"):
            os.environ.setdefault(f"GIT_AUTHOR_{key.upper()}", value)
            os.environ.setdefault(f"GIT_COMMITTER_{key.upper()}", value)


def has_commit() -> bool:
    """Say whether this folder itself, not one around it, is a git repository with a commit."""
    if not git_agrees("rev-parse", "HEAD"):
        return False
    return Path(git("rev-parse", "--show-toplevel").strip()) == HERE.resolve()


def snapshot() -> Path:
    """Commit the files of this folder to a git repository of their own, `demo/.copy`."""
    COPY.mkdir(parents=True, exist_ok=True)
    from_here = {"GIT_DIR": str(COPY / ".git"), "GIT_WORK_TREE": str(HERE)}
    git("init", "--quiet", cwd=COPY)
    git("add", "--all", **from_here)
    git("commit", "--quiet", "--message", "The downloaded archive", "--allow-empty", **from_here)
    git("reset", "--hard", "--quiet", cwd=COPY)
    return COPY


def lay_out(repository: Path) -> None:
    """Take report, metrics and plots out of the experiment's commit."""
    sha = git("rev-parse", "HEAD", cwd=repository).strip()
    reference = f"refs/exps/{sha[:2]}/{sha[2:]}/{NAME}"
    RESULTS.mkdir(exist_ok=True)
    for part in PARTS:
        shutil.rmtree(RESULTS / part, ignore_errors=True)
    with tempfile.NamedTemporaryFile(suffix=".tar") as archive:
        git("archive", f"--output={archive.name}", reference, *PARTS, cwd=repository)
        shutil.unpack_archive(archive.name, RESULTS, filter="data")


def where(repository: Path) -> str:
    """Name the folder in which the experiment can be compared, if it is not this one."""
    return "" if repository == HERE else f", in {repository.relative_to(HERE)}"


def run(*words: str, cwd: Path) -> None:
    """Run a command that shows what it does; end with its exit code where it fails."""
    code = subprocess.run(words, cwd=cwd, env=dvc_environment()).returncode
    if code:
        sys.exit(code)
