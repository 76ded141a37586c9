"""The whole pipeline on short synthetic recordings, from a downloaded archive: no git, no name, no network.

One run of `make demo`'s script serves all tests, and those of other files; it takes one to two minutes.
"""

import json
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
from stages import train_cnn
from tests.in_process import run_in_process
from tests.params import write_params
from tests.synthetic_run import SMALL, checked, environment, files_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo(whole_run):
    """Return the archive's folder in which the demo was run, what it printed, and the files of before."""
    return whole_run.archive, whole_run.said, whole_run.before


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
    metrics = [path for path in metrics if path.stem != "rhythm"]
    assert len(metrics) == 3
    assert {json.loads(path.read_text())["source"] for path in metrics} == {"synthetic"}


def test_the_report_shows_only_pictures_that_exist(demo):
    results = demo[0] / "demo"
    pictures = re.findall(r'(?:src="|\]\()(plots/[^")]+)', (results / "REPORT.md").read_text())
    assert len(pictures) > 10
    assert [picture for picture in pictures if not (results / picture).is_file()] == []


def test_a_second_repro_does_nothing(workspace):
    copy, run = workspace
    lock = (copy / "dvc.lock").read_bytes()
    said = run("dvc", "repro")
    assert "Running stage" not in said
    assert (copy / "dvc.lock").read_bytes() == lock


def test_running_again_gives_the_same_bytes(workspace):
    copy, run = workspace
    lock = (copy / "dvc.lock").read_bytes()
    stages = ("download", "segment", "split", "normalize")
    said = run("dvc", "repro", "--force", "--single-item", *stages)
    assert said.count("Running stage") >= len(stages)
    assert (copy / "dvc.lock").read_bytes() == lock


def outputs(protocol, name):
    """Return the bytes of everything that a training writes, by file."""
    curves = sorted(paths.training(protocol, name).rglob("*.tsv"))
    files = [paths.model(protocol, name), paths.cross_validated(protocol, name), *curves]
    return {path.as_posix(): path.read_bytes() for path in files}


def test_a_killed_training_leaves_nothing_and_can_be_repeated(workspace, demo, keras, monkeypatch):
    """Repeated, it gives every byte again: of the model, the curves and the scores.

    Repeated in the tests' own process: so the tests that train in it, after whatever else ran there, say what
    the pipeline does.
    """
    copy, _ = workspace
    monkeypatch.chdir(copy)
    model, curves = (copy / place("inter_patient", "cnn") for place in (paths.model, paths.training))
    finished, before = outputs("inter_patient", "cnn"), Path("params.yaml").read_text()
    model.unlink()  # as DVC does before it runs a stage
    shutil.rmtree(curves)
    write_params(copy / "params.yaml", **SMALL | {"train": SMALL["train"] | {"epochs": 1000}})
    command = [sys.executable, "-m", "stages.train_cnn", "inter_patient"]
    with subprocess.Popen(
        command, cwd=copy, env=environment(demo[0].parent), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as training:
        for line in training.stdout:
            if b": 1 of 1000 epochs " in line:
                break
        training.send_signal(signal.SIGKILL)
    assert training.returncode == -signal.SIGKILL
    assert not model.exists()
    assert not curves.exists()
    Path("params.yaml").write_text(before)
    run_in_process(train_cnn, "inter_patient")
    assert (curves / "metrics.json").exists()
    assert len(finished) == 7
    assert outputs("inter_patient", "cnn") == finished


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


def test_a_networks_parameter_reruns_that_network_only(workspace):
    """As one of the CNN does in tests/test_experiments.py."""
    copy, run = workspace
    path = copy / "params.yaml"
    before = path.read_text()
    params = read_yaml(path)
    params["rnn"]["units"] = 9
    path.write_text(yaml.safe_dump(params))
    said = run("dvc", "repro", "--dry")
    path.write_text(before)
    started = set(re.findall(r"^Running stage '(\w+)", said, re.MULTILINE))
    assert "train_rnn" in started
    assert not started & {"download", "segment", "split", "normalize", "train_rhythm", "train_cnn"}
