"""The whole pipeline on short synthetic recordings, from a downloaded archive: no git, no name, no network.

One run of `make demo`'s script serves all tests; it takes one to two minutes.
"""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from arrhythmia import paths
from arrhythmia.params import read_yaml
from tests.params import write_params

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
OUTPUTS = {"data", "models", "demo"}
"""Folders at the top that no archive of the project holds; there are others of these names below."""

UNTRACKED = shutil.ignore_patterns(".git", ".venv", "cache", "tmp", "__pycache__", ".*_cache", ".hypothesis")
PROTOCOLS = ("intra_patient", "inter_patient")
SMALL = {
    "synthetic": {"seconds": 60},
    "train": {
        "epochs": dict.fromkeys(PROTOCOLS, 2),
        "ensemble_size": dict(zip(PROTOCOLS, (1, 2), strict=True)),
    },
    "evaluate": {"replicates": 50},
}


def not_in_an_archive(folder, names):
    """Return which of the names in a folder are left out of an archive, as `shutil.copytree` asks it."""
    return UNTRACKED(folder, names) | (OUTPUTS if Path(folder) == ROOT else set())


def environment(home):
    """Return a bare environment: this interpreter's programs, a home without a git configuration."""
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CEILING_DIRECTORIES": str(home),
        "PYTHONUNBUFFERED": "1",
    }


def checked(*words, cwd, env):
    done = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files_of(folder):
    files = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in files.items()
        if name.parts[0] != "demo" and "__pycache__" not in name.parts
    }


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Run the demo in an archive's folder; return the folder, what it printed, and the files of before."""
    home = tmp_path_factory.mktemp("home")
    archive = home / "archive"
    shutil.copytree(ROOT, archive, ignore=not_in_an_archive)
    write_params(archive / "params.yaml", **SMALL)
    before = files_of(archive)
    said = checked(sys.executable, "-m", "arrhythmia", "demo", cwd=archive, env=environment(home))
    return archive, said, before


@pytest.fixture(scope="module")
def workspace(demo):
    """Return the demo's repository with the experiment applied, and a function that runs a program there."""
    copy, env = demo[0] / "demo" / ".copy", environment(demo[0].parent)

    def run(*words):
        return checked(*words, cwd=copy, env=env)

    run("dvc", "exp", "apply", "demo")
    return copy, run


def test_the_demo_leaves_every_file_as_it_was(demo):
    archive, _, before = demo
    assert files_of(archive) == before


def test_every_output_of_the_demo_says_synthetic(demo):
    archive, said, _ = demo
    results = archive / "demo"
    assert "SYNTHETIC" in said
    assert "demo/REPORT.md" in said
    assert "Synthetic recordings" in (results / "REPORT.md").read_text()
    metrics = [path for path in (results / "metrics").rglob("*.json") if "_" not in path.stem]
    assert len(metrics) == 6
    assert {json.loads(path.read_text())["source"] for path in metrics} == {"synthetic"}


def test_the_report_shows_only_pictures_that_exist(demo):
    results = demo[0] / "demo"
    pictures = re.findall(r'(?:src="|\]\()(plots/[^")]+)', (results / "REPORT.md").read_text())
    assert len(pictures) > 20
    assert [picture for picture in pictures if not (results / picture).is_file()] == []


def test_a_second_repro_does_nothing(workspace):
    copy, run = workspace
    lock = (copy / "dvc.lock").read_bytes()
    said = run("dvc", "repro")
    assert "Running stage" not in said
    assert (copy / "dvc.lock").read_bytes() == lock


@pytest.mark.parametrize(
    "stages",
    [("download", "segment", "split", "normalize"), ("train_cnn@inter_patient", "train_rnn@intra_patient")],
)
def test_running_again_gives_the_same_bytes(workspace, stages):
    copy, run = workspace
    lock = (copy / "dvc.lock").read_bytes()
    said = run("dvc", "repro", "--force", "--single-item", *stages)
    assert said.count("Running stage") >= len(stages)
    assert (copy / "dvc.lock").read_bytes() == lock


def test_a_killed_training_leaves_nothing_and_can_be_repeated(workspace, demo):
    copy, run = workspace
    model, curves = (copy / place("inter_patient", "cnn") for place in (paths.model, paths.training))
    finished = hashlib.sha256(model.read_bytes()).hexdigest()
    model.unlink()  # as DVC does before it runs a stage
    shutil.rmtree(curves)
    command = [sys.executable, "-m", "stages.train_cnn", "inter_patient"]
    with subprocess.Popen(
        command, cwd=copy, env=environment(demo[0].parent), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as training:
        for line in training.stdout:
            if b": epoch 1 of 2 " in line:
                break
        training.send_signal(signal.SIGKILL)
    assert training.returncode == -signal.SIGKILL
    assert not model.exists()
    assert not curves.exists()
    run(*command)
    assert (curves / "metrics.json").exists()
    assert hashlib.sha256(model.read_bytes()).hexdigest() == finished


def test_an_impossible_learning_rate_is_named_before_any_training(workspace, demo):
    copy, _ = workspace
    model, path = copy / paths.model("inter_patient", "rnn"), copy / "params.yaml"
    kept, before = model.read_bytes(), path.read_text()
    model.unlink()
    path.write_text(re.sub(r"(\n    inter_patient:) 0\.004\b", r"\1 1.0e+30", before))
    assert path.read_text() != before
    done = subprocess.run(
        [sys.executable, "-m", "stages.train_rnn", "inter_patient"],
        cwd=copy,
        env=environment(demo[0].parent),
        capture_output=True,
        text=True,
    )
    path.write_text(before)
    assert done.returncode == 1
    said = "error: params.yaml: train.lr.inter_patient is 1e+30; use a number above 0 to 10\n"
    assert done.stderr.endswith(said)
    assert not model.exists()
    model.write_bytes(kept)


@pytest.mark.parametrize(("setting", "other"), [("cnn.filters", "train_rnn"), ("rnn.units", "train_cnn")])
def test_a_networks_parameter_reruns_that_network_only(workspace, setting, other):
    copy, run = workspace
    group, name = setting.split(".")
    path = copy / "params.yaml"
    before = path.read_text()
    params = read_yaml(path)
    params[group][name] = 9
    path.write_text(yaml.safe_dump(params))
    said = run("dvc", "repro", "--dry")
    path.write_text(before)
    started = set(re.findall(r"^Running stage '(\w+)", said, re.MULTILINE))
    assert f"train_{group}" in started
    assert not started & {"download", "segment", "split", "normalize", "baseline", other}
