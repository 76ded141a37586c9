import sys
from pathlib import Path

import pytest

from arrhythmia.errors import DataError
from stages.run import load_params, run


def test_parameters_are_read_as_dvc_reads_them(tmp_path, monkeypatch):
    """PyYAML would take 1e-3 for a string and `on` for True."""
    (tmp_path / "params.yaml").write_text("train:\n  lr: 1e-3\n  name: on\n  epochs: 3\nlist: [1, 2.5]\n")
    monkeypatch.chdir(tmp_path)
    assert load_params() == {"train": {"lr": 0.001, "name": "on", "epochs": 3}, "list": [1, 2.5]}


def test_parameters_cannot_make_objects(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text("train: !!python/object/apply:os.getcwd []\n")
    with pytest.raises(Exception, match="could not determine a constructor"):
        load_params(path)


def test_arguments_reach_main(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["stages/split.py", "inter_patient", "cnn"])
    seen = []
    run(lambda *arguments: seen.append(arguments))
    assert seen == [("inter_patient", "cnn")]


def test_data_error_ends_in_one_line_and_exit_code_1(monkeypatch):
    def main():
        raise DataError("data/raw/100.atr: missing; run `dvc repro`")

    monkeypatch.setattr(sys, "argv", ["stages/segment.py"])
    with pytest.raises(SystemExit) as caught:
        run(main)
    # A text as exit code is printed to stderr, and the process ends with 1.
    assert caught.value.code == "error: data/raw/100.atr: missing; run `dvc repro`"


def test_other_errors_keep_their_traceback(monkeypatch):
    def main():
        raise ZeroDivisionError

    monkeypatch.setattr(sys, "argv", ["stages/segment.py"])
    with pytest.raises(ZeroDivisionError):
        run(main)


def test_a_wrong_number_of_arguments_gives_the_usage(monkeypatch):
    monkeypatch.setattr("sys.argv", ["stages/split.py"])
    with pytest.raises(SystemExit, match=r"^usage: python -m stages\.split PROTOCOL$"):
        run(lambda protocol: None)


def test_a_missing_file_is_named(monkeypatch):
    def main():
        Path("metrics/none.json").read_text()

    monkeypatch.setattr("sys.argv", ["stages/report.py"])
    with pytest.raises(SystemExit, match=r"^error: metrics/none\.json: missing; run `dvc repro`$"):
        run(main)
