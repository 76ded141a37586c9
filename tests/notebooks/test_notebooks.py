"""The notebooks, from top to bottom on synthetic recordings, each in a copy of the project."""

import re
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError

from arrhythmia.datasets.synthetic.recordings import write_recordings
from tests.params import write_params
from tests.processes import PATIENCE
from tests.synthetic_run import SMALL, not_in_an_archive

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"


def executed(path, patience):
    """Run a notebook in its own folder; a cell that fails raises with its traceback.

    A kernel may lose a message, and wait for ever with nothing to do: then another one begins anew.

    Args:
        path: of the notebook.
        patience: what no cell needs unless that has happened, s.
    """
    for attempt in range(3):
        notebook = nbformat.read(path, as_version=4)
        resources = {"metadata": {"path": str(path.parent)}}
        try:
            NotebookClient(notebook, timeout=patience, resources=resources).execute()
            return notebook
        except CellTimeoutError:
            if attempt == 2:
                raise


def pictures(notebook):
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return sum("image/png" in output.get("data", {}) for output in outputs)


def printed(notebook):
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "".join(
        output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in outputs
    )


@pytest.mark.slow
def test_eda_on_synthetic_recordings(tmp_path, monkeypatch):
    write_recordings(tmp_path, seconds=60, seed=0)
    monkeypatch.setenv("RECORDS", str(tmp_path))
    notebook = executed(NOTEBOOKS / "eda.ipynb", PATIENCE)
    assert pictures(notebook) == 6
    assert "16 records, 1255 beats" in printed(notebook)
    states = notebook.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"].values()
    (drawn,) = [state["state"]["outputs"] for state in states if state["model_name"] == "OutputModel"]
    assert drawn[0]["text"].endswith("of N (Normal beat) in record s01\n")
    assert "image/png" in drawn[1]["data"]


@pytest.mark.slow
def test_hosted_on_synthetic_recordings(whole_run, tmp_path, monkeypatch):
    """Its first run is up to date, as on a machine that has run it before; the changed one trains."""
    copy = tmp_path / "project"
    shutil.copytree(ROOT, copy, ignore=not_in_an_archive)
    write_params(copy / "params.yaml", **SMALL)
    whole_run.lend(copy)
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    for words in (["init", "--quiet"], ["add", "."], [*identity, "commit", "--quiet", "--message", "start"]):
        subprocess.run(["git", *words], cwd=copy, check=True)
    monkeypatch.setenv("SOURCE", "synthetic")
    notebook = executed(copy / "notebooks" / "hosted.ipynb", 4 * PATIENCE)
    assert pictures(notebook) == 2
    said = printed(notebook)
    assert re.search(r"F1 of V +\d\.\d", said)
    assert re.search(r"f1_V +\d\.\d+ +\d\.\d+ +-?\d\.\d+", said)
    assert "+    inter_patient: 0" in said
    status = ["git", "status", "--porcelain", "--untracked-files=no"]
    assert subprocess.run(status, cwd=copy, capture_output=True, check=True).stdout == b""


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebooks_are_small(path):
    assert path.stat().st_size < 1_000_000


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("eda", ["48 records, 109494 beats"]),
        ("hosted", ["download.source=physionet", "49712 test beats", "+    inter_patient: 0.0"]),
    ],
)
def test_a_notebook_is_stored_with_the_outputs_of_one_run_on_the_real_recordings(name, says):
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert [words for words in says if words not in printed(notebook)] == []
    assert "error" not in {output.output_type for cell in cells for output in cell.outputs}
    for word in ("Traceback", "/home/", "/root/", "/tmp/", str(ROOT)):
        assert word not in printed(notebook)
