"""DVC experiments beside the workspace, and what their commits hold.

Each runs in a temporary copy of the last commit (`dvc exp run --temp`), so that the workspace stays as it is,
also when the command is killed; only in the seconds in which DVC makes the copy does params.yaml hold the
parameters of the experiment.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from arrhythmia import paths
from arrhythmia.errors import DataError
from arrhythmia.params import changed, parse_yaml
from arrhythmia.studies.configs import Changes, experiment_words
from arrhythmia.studies.programs import git, run_dvc


def refuse_changes() -> None:
    """Refuse to start while tracked files differ from the last commit.

    An experiment would take the changes along while it stands beside the commit, which lacks them. The
    tables of `results/` may differ: they are what these commands write.

    Raises:
        DataError: there are changes, or this is no git repository with a commit.
    """
    status = ("status", "--porcelain", "--untracked-files=no", "--", ".", f":(exclude){paths.RESULTS}")
    files = [line[3:] for line in git(*status).splitlines()]
    if files:
        more = f" and {len(files) - 1} more" if files[1:] else ""
        raise DataError(f"{files[0]}{more}: changed since the last commit; commit it or `git restore` it")


def target(protocol: str, model: str) -> str:
    """Return the stage that writes the metrics of `model`."""
    return f"evaluate@{protocol}-{model}"


def run_experiment(name: str, changes: Changes, targets: Iterable[str]) -> str:
    """Run the pipeline up to `targets` with other parameters, as the experiment `name` of the last commit.

    An experiment of that name and with the same parameters is run again rather than believed, since it may
    have been run up to other stages. Its trainings run again too: DVC's run cache keeps no stage that has an
    output in git.

    Args:
        name: of the experiment.
        changes: parameters that differ from the last commit's.
        targets: stages.

    Returns:
        The experiment's commit.

    Raises:
        DataError: the run failed, or somebody else's experiment has this name.
    """
    if commit := find_experiment(name):
        if read_params(commit) != changed(read_params("HEAD"), changes):
            raise DataError(f"experiment '{name}' has other parameters; `dvc exp remove {name}` makes room")
        git("update-ref", "-d", reference(name))
    if run_dvc(experiment_words(name, changes, targets, ["--temp"])):
        raise DataError(f"experiment '{name}' failed; the lines above say why")
    return find_experiment(name)


def reference(name: str) -> str:
    """Return the git reference of the experiment `name` of the last commit."""
    head = git("rev-parse", "HEAD").strip()
    return f"refs/exps/{head[:2]}/{head[2:]}/{name}"


def find_experiment(name: str) -> str:
    """Return the commit of the experiment `name` of the last commit; empty if there is none."""
    return git("for-each-ref", "--format=%(objectname)", reference(name)).strip()


def last_commit() -> str:
    """Return the name of the last commit, shortened."""
    return git("rev-parse", "--short=7", "HEAD").strip()


def read_card(commit: str, protocol: str, model: str) -> dict[str, Any]:
    """Return the metrics of `model` as `commit` has them."""
    return read_json(commit, paths.metrics(protocol, model))


def read_json(commit: str, path: Path) -> Any:
    """Return what a JSON file holds as `commit` has it.

    Raises:
        DataError: the commit has no such file.
    """
    return json.loads(git("show", f"{commit}:{path.as_posix()}"))


def read_params(commit: str) -> dict[str, Any]:
    """Return params.yaml as `commit` has it."""
    return parse_yaml(git("show", f"{commit}:params.yaml"))
