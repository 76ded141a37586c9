"""dvc.yaml against the code: dependencies and parameters, and a lock file that belongs to both.

And what the extension for VS Code and Studio read of the repository.
"""

import itertools
import json
import os
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from gto.constants import assert_name_is_valid

from arrhythmia.params import read_yaml
from tests.imports import direct_imports, imported_modules

ROOT = Path(__file__).parents[1]
STAGES = read_yaml(ROOT / "dvc.yaml")["stages"]
PARAMS = read_yaml(ROOT / "params.yaml")
LIGHT = ("download", "segment", "split", "normalize", "train_forest", "evaluate", "report")
FITTING = ("train_rhythm", "train_cnn", "train_rnn", "train_forest")

TOP = "errors aami paths determinism command_line protocols titles params"
LAYERS = (
    *({f"arrhythmia/{name}.py"} for name in TOP.split()),
    {"arrhythmia/utils"},
    {
        "arrhythmia/datasets",
        "arrhythmia/ecg",
        "arrhythmia/models",
        "arrhythmia/scoring",
    },
    {"arrhythmia/evaluation", "arrhythmia/features", "arrhythmia/formats", "arrhythmia/kaggle"},
    {"arrhythmia/simulation"},
    {"arrhythmia/training"},
    {"arrhythmia/preprocessing", "arrhythmia/figures"},
    {"arrhythmia/inference", "arrhythmia/report"},
    {"arrhythmia/export"},
    {"arrhythmia/studies"},
    {"arrhythmia/cli"},
    {"arrhythmia/__main__.py"},
)
"""The rooms of the library, each of which imports from itself and from the layers before its own."""


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch):
    monkeypatch.chdir(ROOT)


def code_of(stage):
    return {path for path in STAGES[stage]["deps"] if path.startswith(("arrhythmia/", "stages/"))}


def holds(dependency, path):
    return path == dependency or path.startswith(f"{dependency}/")


def room_of(path):
    """Return the package right under arrhythmia/ that a module is in, or the module if it is in none."""
    return "/".join(Path(path).parts[:2])


@pytest.mark.parametrize("stage", STAGES)
def test_every_module_that_a_stage_imports_is_in_its_dependencies(stage):
    imported = imported_modules(f"stages/{stage}.py")
    code = code_of(stage)
    assert {path for path in imported if not any(holds(dependency, path) for dependency in code)} == set()


@pytest.mark.parametrize("stage", STAGES)
def test_no_dependency_is_idle(stage):
    imported = imported_modules(f"stages/{stage}.py")
    assert all(Path(dependency).exists() for dependency in code_of(stage))
    assert {code for code in code_of(stage) if not any(holds(code, path) for path in imported)} == set()


@pytest.mark.parametrize("stage", [stage for stage in FITTING if stage != "train_forest"])
def test_no_module_that_a_network_does_not_need_trains_it_anew(stage):
    """Also within a package: strata of simulated patients, say, are no matter of the CNN."""
    code = [Path(path) for path in code_of(stage)]
    files = {path.as_posix() for one in code for path in (one.rglob("*.py") if one.is_dir() else [one])}
    idle = files - imported_modules(f"stages/{stage}.py") - {f"stages/{stage}.py"}
    assert {path for path in idle if not path.endswith("__init__.py")} == set()


@pytest.mark.parametrize("stage", FITTING)
def test_what_fits_neither_draws_nor_reports_nor_predicts_nor_exports(stage):
    others = {f"arrhythmia/{name}" for name in ("evaluation", "figures", "inference", "report", "export")}
    used = {room_of(path) for path in code_of(stage) | imported_modules(f"stages/{stage}.py")}
    assert used & others == set()


def test_no_module_imports_from_a_layer_above_its_own():
    layer = {room: number for number, rooms in enumerate(LAYERS) for room in rooms}
    upward = []
    for path in (path.as_posix() for path in Path("arrhythmia").rglob("*.py") if path.name != "__init__.py"):
        for imported in direct_imports(path):
            own, other = layer[room_of(path)], layer.get(room_of(imported), len(LAYERS))
            if own <= other and room_of(path) != room_of(imported):
                upward.append((path, imported))
    assert upward == []


def test_no_module_imports_itself_by_way_of_others():
    modules = [path.as_posix() for folder in ("arrhythmia", "stages") for path in Path(folder).rglob("*.py")]
    TopologicalSorter({path: direct_imports(path) for path in modules}).prepare()


def test_packages_import_nothing_by_themselves():
    """Else TensorFlow would start with whatever lies beside a network."""
    assert [path for path in Path("arrhythmia").glob("*/**/__init__.py") if path.read_text()] == []


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_has_a_description_and_runs_the_script_of_its_name(stage):
    assert STAGES[stage]["desc"]
    assert STAGES[stage]["cmd"].startswith(f"python -m stages.{stage}")


def test_each_network_has_its_own_parameters_and_code():
    assert "cnn" not in STAGES["train_rnn"]["params"]
    assert "rnn" not in STAGES["train_cnn"]["params"]
    for stage, other in (("train_cnn", "rnn"), ("train_rnn", "cnn")):
        assert not any(holds(code, f"arrhythmia/models/{other}.py") for code in code_of(stage))


def test_every_parameter_is_used_by_a_stage_and_has_a_comment():
    used = {name.split(".")[0] for stage in STAGES.values() for name in stage.get("params", [])}
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
        path.read_text() for folder in ("arrhythmia", "stages") for path in (ROOT / folder).rglob("*.py")
    )
    settings = [setting for group in PARAMS.values() if isinstance(group, dict) for setting in group]
    assert [setting for setting in settings if not re.search(rf"\b{setting}\b", code)] == []


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
    lock = read_yaml(ROOT / "dvc.lock")["stages"]
    assert lock["download"]["params"]["params.yaml"]["download"]["source"] == "physionet"
    assert {name.split("@")[0] for name in lock} == set(STAGES)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="an archive without git has no commits to show")
def test_editor_and_studio_can_read_every_metric_and_parameter():
    """Of `dvc exp show --json`, which the extension for VS Code calls."""
    files = {path.as_posix() for path in Path("metrics").rglob("*.json")}
    for commit in json.loads(dvc("exp", "show", "--json")):
        assert not commit["error"]
        assert set(commit["data"]["metrics"]) == files
        read = [*commit["data"]["metrics"].values(), commit["data"]["params"]["params.yaml"]]
        assert [file for file in read if not file["data"]] == []


def test_every_model_of_the_registry_is_an_output_with_a_name_that_gto_takes():
    models = read_yaml("dvc.yaml")["artifacts"]
    outputs = {out["path"] for stage in read_yaml("dvc.lock")["stages"].values() for out in stage["outs"]}
    assert {model["path"] for model in models.values()} <= outputs
    for name in models:
        assert_name_is_valid(name)
