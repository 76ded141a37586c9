import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from arrhythmia.cli import kaggle
from arrhythmia.datasets.synthetic.recordings import write_recordings
from arrhythmia.errors import DataError

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    write_recordings(folder, seconds=60, seed=0)
    return folder


@pytest.fixture(scope="module")
def beats(records):
    return kaggle.kaggle_beats(records)


@pytest.fixture
def fold(beats, monkeypatch):
    """Every fifth synthetic beat, backwards, plays the Kaggle test fold."""
    rows = np.arange(len(beats))[::-5]
    table = pd.DataFrame({"record": beats.record[rows], "annotation": beats.annotation[rows]})
    monkeypatch.setattr(kaggle, "load_test_fold", lambda: table)
    return rows


@pytest.fixture
def files(fold, records, tmp_path):
    kaggle.main(["export", str(tmp_path / "csv"), "--records", str(records)])
    return tmp_path / "csv"


def match(*words, records):
    kaggle.main(["match", *map(str, words), "--records", str(records)])


def test_export_and_match_give_every_beat_back(files, fold, beats, records, capsys):
    match(files / "mitbih_train.csv", files / "mitbih_test.csv", records=records)
    names = ("mitbih_train", "mitbih_test")
    parts = {name: pd.read_csv(files / f"{name}_beats.csv", dtype={"record": str}) for name in names}
    test = parts["mitbih_test"]
    assert test["record"].tolist() == beats.record[fold].tolist()
    assert test["sample"].tolist() == beats.sample[fold].tolist()
    assert test["symbol"].tolist() == beats.symbol[fold].tolist()
    assert test["row"].tolist() == list(range(len(fold)))
    assert set(test["kaggle"]) == {"test"}
    assert set(parts["mitbih_train"]["kaggle"]) == {"train"}
    assert len(test) + len(parts["mitbih_train"]) == len(beats)
    said = capsys.readouterr().out
    assert f"mitbih_test_beats.csv: {len(fold)} rows: {len(fold)} found ({len(fold)} exactly, 0 by" in said
    assert "0 of the beats found have another label" in said


def test_changed_rows_are_counted(files, records, capsys, tmp_path):
    table = pd.read_csv(files / "mitbih_test.csv", header=None)
    table.iloc[0, 187] = (table.iloc[0, 187] + 1) % 5  # another label
    table.iloc[1, 5:9] = 0.123  # another beat
    table.sample(frac=1, random_state=0).to_csv(tmp_path / "mine.csv", float_format="%.4f")
    match(tmp_path / "mine.csv", "--out", tmp_path / "out", records=records)
    said = capsys.readouterr().out
    assert f"{len(table)} rows: {len(table) - 1} found" in said
    assert "1 match no beat, 0 match several" in said
    assert "1 of the beats found have another label" in said
    assert len(pd.read_csv(tmp_path / "out" / "mine_beats.csv")) == len(table)


def test_the_three_lines_of_the_docs(files, fold, records, monkeypatch):
    """The code of docs/kaggle.md, taken from there, on files whose rows are synthetic."""
    match(files / "mitbih_train.csv", files / "mitbih_test.csv", records=records)
    monkeypatch.chdir(files)
    train, test = (pd.read_csv(f"mitbih_{part}.csv", header=None) for part in ("train", "test"))
    blocks = (ROOT / "docs" / "kaggle.md").read_text().split("```python\n")[1:]
    lines = next(block.split("```")[0] for block in blocks if "DS1" in block)
    assert len(lines.strip().splitlines()) == 3
    names = {"pd": pd, "train": train, "test": test}
    exec(lines, names)
    found = names["beats"]
    assert len(names["train"]) == (found["division"] == "DS1").sum() > 0
    assert len(names["test"]) == (found["division"] == "DS2").sum() > 0
    both = pd.concat([train, test])
    np.testing.assert_array_equal(names["train"], both[(found["division"] == "DS1").to_numpy()])


@pytest.mark.parametrize("words", [["export", "csv"], ["match", "csv/mitbih_test.csv"]])
def test_nothing_is_overwritten_unless_forced(files, records, monkeypatch, words):
    monkeypatch.chdir(files.parent)
    shutil.copy(ROOT / "params.yaml", files.parent)
    beside = files / "mitbih_test_beats.csv"
    beside.write_text("mine")
    before = {path.name: path.stat().st_mtime_ns for path in files.iterdir()}
    with pytest.raises(DataError, match=r"is there already; .*--force"):
        kaggle.main([*words, "--records", str(records)])
    assert {path.name: path.stat().st_mtime_ns for path in files.iterdir()} == before
    kaggle.main([*words, "--records", str(records), "--force"])


def test_two_files_of_one_name_are_refused(tmp_path):
    with pytest.raises(DataError, match="two files of one name"):
        kaggle.main(["match", str(tmp_path / "a" / "x.csv"), str(tmp_path / "b" / "x.csv"), "--out", "o"])


@pytest.mark.parametrize("tolerance", ["-1", "0.5", "nan"])
def test_an_impossible_tolerance_is_named(tolerance):
    with pytest.raises(DataError, match="--tolerance"):
        kaggle.main(["match", "x.csv", "--tolerance", tolerance])


def test_a_full_disk_leaves_no_file_and_one_line(fold, records, tmp_path, monkeypatch):
    def full(*_):
        yield 1, b"half a row"
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(kaggle, "rows_as_text", full)
    with pytest.raises(DataError, match="No space left on device"):
        kaggle.main(["export", str(tmp_path / "csv"), "--records", str(records)])
    assert list((tmp_path / "csv").iterdir()) == []


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_disk_that_fills_up_at_the_second_file_leaves_none(fold, records, tmp_path, monkeypatch):
    calls = []

    def full_at_second(waveform, label):
        calls.append(len(label))
        yield len(label), b"a row\n"
        if len(calls) == 2:
            raise OSError(28, os.strerror(28))

    monkeypatch.setattr(kaggle, "rows_as_text", full_at_second)
    with pytest.raises(DataError, match="No space left on device"):
        kaggle.main(["export", str(tmp_path / "csv"), "--records", str(records)])
    assert len(calls) == 2
    assert names_in(tmp_path / "csv") == []


@pytest.mark.parametrize("bad", ["a row of words\n", None])
def test_match_writes_all_tables_or_none(files, records, capsys, bad):
    second = files / "second.csv"
    if bad:
        second.write_text(bad)
    before = names_in(files)
    capsys.readouterr()
    with pytest.raises(DataError, match=r"second\.csv"):
        match(files / "mitbih_test.csv", second, records=records)
    assert names_in(files) == before
    assert capsys.readouterr().out == ""


def test_a_table_that_cannot_be_moved_takes_the_others_with_it(files, records):
    shutil.copy(files / "mitbih_test.csv", files / "second.csv")
    (files / "second_beats.csv").mkdir()
    before = names_in(files)
    with pytest.raises(DataError, match=r"second_beats\.csv|directory"):
        match(files / "mitbih_test.csv", files / "second.csv", "--force", records=records)
    assert names_in(files) == before


def test_the_command_line_ends_in_one_line(tmp_path, records):
    def said(*words):
        command = [sys.executable, "-m", "arrhythmia", "kaggle", *map(str, words)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 1
        return done.stderr

    assert said("export", tmp_path, "--records", tmp_path / "no").startswith("error: ")
    wrong = said("export", tmp_path / "csv", "--records", records)
    assert "rows of the test file are not in these recordings" in wrong
    assert "Traceback" not in wrong
    assert not (tmp_path / "csv").exists()
