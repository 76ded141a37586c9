"""dvc.yaml against the code: exact dependencies and parameters, and a lock file that belongs to both."""

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.imports import PLUMBING, imported_modules

ROOT = Path(__file__).parents[1]
STAGES = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
PARAMS = YAML(typ="safe").load(ROOT / "params.yaml")
LIGHT = ("download", "segment", "split", "normalize", "baseline", "report")


def code_of(stage):
    return {path for path in STAGES[stage]["deps"] if path.endswith(".py")}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_the_modules_it_imports_and_on_no_others(stage, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert code_of(stage) == imported_modules(f"stages/{stage}.py") - PLUMBING


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_has_a_description_and_runs_the_script_of_its_name(stage):
    assert STAGES[stage]["desc"]
    assert STAGES[stage]["cmd"].startswith(f"python -m stages.{stage}")


def test_a_changed_figure_does_not_retrain():
    drawing = {"arrhythmia/figures.py", "arrhythmia/gallery.py", "arrhythmia/records_map.py"}
    assert drawing <= code_of("evaluate")
    assert not drawing & (code_of("train_cnn") | code_of("train_rnn"))


def test_each_network_has_its_own_parameters_and_code():
    assert "cnn" not in STAGES["train_rnn"]["params"]
    assert "rnn" not in STAGES["train_cnn"]["params"]
    assert "arrhythmia/cnn.py" not in code_of("train_rnn")
    assert "arrhythmia/rnn.py" not in code_of("train_cnn")


def test_every_parameter_is_used_by_a_stage_and_has_a_comment():
    used = {name.split(".")[0] for stage in STAGES.values() for name in stage["params"]}
    assert used == set(PARAMS)
    lines = (ROOT / "params.yaml").read_text().splitlines()
    bare = [
        line
        for before, line in itertools.pairwise(lines)
        if re.match(r"  \w+:", line) and not before.lstrip().startswith("#")
    ]
    assert bare == []


def test_every_parameter_is_named_in_the_code():
    code = "".join(
        path.read_text() for folder in ("arrhythmia", "stages") for path in (ROOT / folder).glob("*.py")
    )
    knobs = [knob for group in PARAMS.values() if isinstance(group, dict) for knob in group]
    assert [knob for knob in knobs if not re.search(rf"\b{knob}\b", code)] == []


@pytest.mark.parametrize("stage", LIGHT)
def test_a_light_stage_does_not_import_tensorflow(stage):
    code = f"import sys, stages.{stage}; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def dvc(*words, cwd=ROOT):
    """Run DVC of this interpreter's environment, and return what it prints."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["dvc", *words], cwd=cwd, env=os.environ | {"PATH": path}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="an archive without git: DVC cannot compare")
def test_the_lock_file_belongs_to_the_code_and_the_parameters():
    # DVC exits with 0 even when stages would run, so its words must be read.
    said = dvc("repro", "--allow-missing", "--dry")
    assert "up to date" in said
    assert re.findall(r"^Running stage.*", said, re.MULTILINE) == []


def test_the_lock_file_holds_a_run_on_real_recordings():
    lock = YAML(typ="safe").load(ROOT / "dvc.lock")["stages"]
    assert lock["download"]["params"]["params.yaml"]["download"]["source"] == "physionet"
    assert {name.split("@")[0] for name in lock} == set(STAGES)
