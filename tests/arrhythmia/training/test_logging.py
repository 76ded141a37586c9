import builtins
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from dvclive.error import InvalidDataTypeError

from arrhythmia.errors import DataError
from arrhythmia.training import logging
from tests.wandb_runs import as_dict, records_of

BOTH = ["dvclive", "wandb"]
PARAMS = {"train": {"lr": 0.1, "loggers": BOTH}, "normalize": {"features": ["pre_rr_local"]}}
HISTORIES = [
    [{"loss": 2.0, "val_loss": 4.0, "lr": 0.1}, {"loss": 1.0, "val_loss": 3.0, "lr": 0.0}],
    [{"loss": 4.0, "val_loss": 8.0, "lr": 0.1}, {"loss": 3.0, "val_loss": 5.0, "lr": 0.0}],
]
CURVES = [
    {"train/loss": 3.0, "val/loss": 6.0, "lr": 0.1},
    {"train/loss": 2.0, "val/loss": 4.0, "lr": 0.0},
]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty folder, a home without a login, and no network: whatever asks for a server fails."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_DIR", "WANDB_PROJECT", "DVC_EXP_NAME", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    return tmp_path


def start(names):
    return logging.start_wandb(names, "cnn", "inter_patient", PARAMS)


def in_a_process(code):
    """Run code where wandb, which keeps settings for as long as its process lives, is fresh."""
    prelude = (
        "import os, sys, numpy as np\n"
        "from arrhythmia.errors import DataError\n"
        "from arrhythmia.training import logging\n"
    )
    root = str(Path(__file__).parents[3])
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {root!r})\n{prelude}{code}"],
        capture_output=True,
        text=True,
    )


def test_curves_are_means_over_the_networks():
    assert logging.mean_curves(HISTORIES) == CURVES


def test_dvclive_writes_the_curves(project):
    logging.write_curves(project / "training", CURVES)
    curve = pd.read_csv(project / "training" / "plots" / "metrics" / "val" / "loss.tsv", sep="\t")
    assert curve["step"].tolist() == [1, 2]
    assert curve["loss"].tolist() == [6.0, 4.0]


def test_curves_of_an_earlier_training_are_replaced_as_a_whole(project):
    folder = project / "training"
    folder.mkdir()
    (folder / "stale.tsv").write_text("x")
    logging.write_curves(folder, CURVES)
    assert not (folder / "stale.tsv").exists()


def test_half_of_the_curves_is_not_left(project):
    with pytest.raises(InvalidDataTypeError):
        logging.write_curves(project / "training", [*CURVES, {"lr": []}])
    assert list(project.glob("training*")) == []


def test_studio_shows_the_curves_under_the_names_of_the_files(project, monkeypatch):
    sent = []
    monkeypatch.setenv("DVC_STUDIO_TOKEN", "token")
    monkeypatch.setenv("DVC_STUDIO_REPO_URL", "https://localhost/project.git")
    monkeypatch.setattr("dvclive.studio.post_live_metrics", lambda *given, **said: sent.append(said) or True)
    logging.write_curves(project / "training", CURVES)
    named = {Path(name).relative_to(project).as_posix() for said in sent for name in said.get("plots") or {}}
    files = {path.relative_to(project).as_posix() for path in project.glob("training/plots/**/*.tsv")}
    assert named == files


def test_dvclive_alone_does_not_import_wandb(project, monkeypatch):
    def refuse(name, *rest, imported=builtins.__import__):
        assert name.split(".")[0] != "wandb"
        return imported(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    assert start(["dvclive"]) is None


def test_without_the_package_the_remedy_is_named(project, monkeypatch):
    monkeypatch.setattr(logging.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        DataError, match=r"^wandb is not installed; `pip install wandb`, or take wandb out of train.loggers"
    ):
        start(BOTH)


ATTEMPT = f"""
try:
    logging.start_wandb({BOTH}, "cnn", "inter_patient", {PARAMS})
except DataError as error:
    print(error, flush=True)
os._exit(0)
"""
"""Ends at once: one time in ten W&B 0.31 waits ten minutes for its own process, whose connection is lost."""


def test_without_a_login_the_remedy_is_named(project):
    done = in_a_process(ATTEMPT)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "no login for wandb; `wandb login`, or set WANDB_MODE=offline, or take wandb out of train.loggers\n"
    )


def test_a_login_that_nobody_answers_to_is_one_line_without_the_key(project, monkeypatch):
    key = "0123456789" * 4
    monkeypatch.setenv("WANDB_API_KEY", key)
    monkeypatch.setenv("WANDB_HTTP_TIMEOUT", "1")  # s; the default is 10
    done = in_a_process(ATTEMPT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("wandb does not start (")
    assert done.stdout.count("\n") == 1
    assert key not in done.stdout + done.stderr
    assert [path for path in project.rglob("*") if path.is_file() and key.encode() in path.read_bytes()] == []


@pytest.fixture
def offline(project, monkeypatch):
    """What a run in offline mode leaves: its folder and its records."""
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("DVC_EXP_NAME", "odd-newt")
    code = f"""
run = logging.start_wandb({BOTH}, "cnn", "inter_patient", {PARAMS})
label = np.array([0, 0, 1, 2])
logging.finish_wandb(run, {CURVES}, {{"macro_f1_nsv": 0.5}}, label, np.eye(5)[[0, 1, 1, 2]])
"""
    done = in_a_process(code)
    assert done.returncode == 0, done.stderr
    (folder,) = (project / "wandb").glob("offline-run-*")
    return folder, list(records_of(next(folder.glob("*.wandb"))))


def test_offline_runs_keep_parameters_curves_and_scores(offline):
    _, records = offline
    (run,) = [record.run for record in records if record.HasField("run")]
    assert (run.project, run.run_group, run.display_name) == ("arrhythmia", "odd-newt", "cnn inter_patient")
    config = as_dict(run.config.update)
    assert config["train.lr"] == 0.1
    assert config["normalize.features"] == ["pre_rr_local"]
    assert (config["model"], config["protocol"]) == ("cnn", "inter_patient")
    rows = [as_dict(record.history.item) for record in records if record.HasField("history")]
    assert [{key: row[key] for key in CURVES[0]} for row in rows] == CURVES
    assert [row["_step"] for row in rows] == [1, 2]
    summary = {}
    for record in records:
        summary |= as_dict(record.summary.update)
    assert summary["macro_f1_nsv"] == 0.5


def test_offline_runs_keep_the_confusion_matrix(offline):
    folder, _ = offline
    (path,) = folder.rglob("*.table.json")
    counts = {tuple(row[:2]): row[2] for row in json.loads(path.read_text())["data"]}
    assert len(counts) == 25
    assert {pair: count for pair, count in counts.items() if count} == {
        ("N", "N"): 1,
        ("N", "S"): 1,
        ("S", "S"): 1,
        ("V", "V"): 1,
    }
