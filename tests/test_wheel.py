"""The package as people install it: a wheel in a bare environment, away from the clone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from arrhythmia.datasets.synthetic.recordings import write_recordings

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


def run(*words, **options):
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def bare_environment(folder):
    """Return the variables of somebody who knows nothing of this clone."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return kept | {"PATH": f"{folder / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin", "HOME": str(folder)}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A bare environment with the wheel and the pinned packages that prediction needs."""
    folder = tmp_path_factory.mktemp("installed")
    wheels = folder / "wheels"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    run(*pip, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", wheels, ".", cwd=ROOT)
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv")
    into = (*pip, f"--python={folder / 'venv' / 'bin' / 'python'}", "install", "--quiet", "--no-compile")
    pinned = ROOT / "requirements" / "predict.txt"
    done = subprocess.run([*into, "--require-hashes", "-r", pinned], capture_output=True, text=True)
    if "No matching distribution" in done.stderr or "Failed to establish" in done.stderr:
        pytest.skip("no package index within reach")
    assert done.returncode == 0, done.stderr
    run(*into, "--no-deps", *wheels.glob("*.whl"))
    return folder / "venv"


def test_it_predicts_a_recording_from_any_folder(installed, tmp_path):
    write_recordings(tmp_path / "records", seconds=60, seed=0)
    command = (installed / "bin" / "arrhythmia", "predict", "records/s01", "--page")
    said = run(*command, cwd=tmp_path, env=bare_environment(tmp_path))
    assert "1 of 1 recordings written to predictions" in said
    assert {path.suffix for path in (tmp_path / "predictions").rglob("*") if path.is_file()} >= {
        ".csv",
        ".json",
        ".png",
        ".html",
    }


def test_neither_dvc_nor_tensorflow_is_in_it_and_it_is_small(installed):
    packages = next((installed / "lib").glob("python3*/site-packages"))
    names = {path.name for path in packages.iterdir()}
    assert {"arrhythmia", "onnxruntime"} <= names
    assert not {"tensorflow", "keras", "dvc", "sklearn", "optuna"} & names
    size = sum(path.stat().st_size for path in installed.rglob("*") if path.is_file())
    assert size < 700e6


def test_the_command_starts_at_once(installed, tmp_path):
    command = (installed / "bin" / "arrhythmia", "--help")
    run(*command, cwd=tmp_path)  # writes the bytecode
    before = os.times()
    said = run(*command, cwd=tmp_path)
    after = os.times()
    seconds = sum(after[2:4]) - sum(before[2:4])
    assert seconds < 1.5, "processor time: another program beside it does not count"
    assert "study seeds" in said
    assert "predict" in said


def test_what_needs_more_says_what_to_install(installed, tmp_path):
    command = (installed / "bin" / "arrhythmia", "tune", "cnn")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == (
        "error: `arrhythmia tune` needs the package optuna: install arrhythmia[train], "
        "or run `make setup` in a clone\n"
    )
