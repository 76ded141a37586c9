from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from arrhythmia import paths
from arrhythmia.aami import SYNTHETIC_DS1, SYNTHETIC_DS2, SYNTHETIC_RECORDS
from arrhythmia.ecg.beats import save_beats
from arrhythmia.errors import DataError
from arrhythmia.preprocessing import splits
from arrhythmia.preprocessing.splits import Split
from arrhythmia.utils.files import load_arrays
from stages import split
from tests.params import write_params

PROTOCOLS = ["intra_patient", "inter_patient"]


def configure(folds=3):
    write_params(split={"folds": folds}, train={"ensemble_size": 2})


@pytest.fixture
def beats(tmp_path, monkeypatch, make_beats):
    """A project with two beats of each class in each synthetic record."""
    monkeypatch.chdir(tmp_path)
    configure()
    beats = make_beats(
        np.tile(np.repeat(range(5), 2), len(SYNTHETIC_RECORDS)), record=np.repeat(SYNTHETIC_RECORDS, 10)
    )
    save_beats(paths.BEATS, beats)
    return beats


def leak(monkeypatch, protocol, change):
    """Let the splitter of `protocol` return what `change` makes of a sound split."""
    sound = getattr(splits, protocol)
    monkeypatch.setattr(splits, protocol, lambda *args, **settings: change(sound(*args, **settings)))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_rows_are_disjoint_and_each_training_row_is_in_a_fold(beats, protocol):
    split.main(protocol)
    rows = load_arrays(paths.split(protocol))
    assert {name: array.dtype for name, array in rows.items()} == {
        "train": np.int32,
        "fold": np.int8,
        "test": np.int32,
    }
    together = [*rows["train"], *rows["test"]]
    assert len(set(together)) == len(together)
    assert rows["fold"].shape == rows["train"].shape
    assert set(rows["fold"]) == {0, 1, 2}
    assert set(beats.label[rows["train"]]) == set(range(5))


def test_all_patients_are_tested_and_each_is_in_one_fold(beats):
    split.main("all_patients")
    rows = load_arrays(paths.split("all_patients"))
    for side in ("train", "test"):
        np.testing.assert_array_equal(rows[side], np.arange(len(beats)))
    for name in SYNTHETIC_RECORDS:
        assert len(set(rows["fold"][beats.record == name])) == 1


def test_patients_are_disjoint(beats):
    split.main("inter_patient")
    rows = load_arrays(paths.split("inter_patient"))
    assert set(beats.record[rows["train"]]) == set(SYNTHETIC_DS1)
    assert set(beats.record[rows["test"]]) == set(SYNTHETIC_DS2)
    held_out = [set(beats.record[rows["train"][rows["fold"] == fold]]) for fold in range(3)]
    assert sum(map(len, held_out)) == len(SYNTHETIC_DS1)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_same_bytes_on_every_run(beats, protocol):
    split.main(protocol)
    before = paths.split(protocol).read_bytes()
    split.main(protocol)
    assert paths.split(protocol).read_bytes() == before


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_row_that_counts_twice_is_refused(beats, monkeypatch, protocol):
    leak(monkeypatch, protocol, lambda sound: replace(sound, test=np.r_[sound.test[:1], sound.test]))
    with pytest.raises(DataError, match=r"^split: 1 beats are on two sides"):
        split.main(protocol)
    assert not paths.split(protocol).exists()


def test_a_shared_row_is_refused(beats, monkeypatch):
    leak(monkeypatch, "intra_patient", lambda sound: replace(sound, test=sound.train[:7]))
    with pytest.raises(DataError, match=r"^split: 7 beats are on two sides"):
        split.main("intra_patient")
    assert not paths.split("intra_patient").exists()


def test_a_shared_patient_is_refused(beats, monkeypatch):
    """Other beats of one patient on two sides: the rows alone do not show it."""

    def change(sound):
        fold = np.r_[sound.fold, sound.fold[:3]]
        return Split(np.r_[sound.train, sound.test[:3]], fold, sound.test[3:])

    leak(monkeypatch, "inter_patient", change)
    with pytest.raises(DataError, match=r"^split: records s02 are on two sides of the inter-patient split$"):
        split.main("inter_patient")
    assert not paths.split("inter_patient").exists()


def test_a_patient_in_two_folds_is_refused(beats, monkeypatch):
    """The folds give the scores to choose by, so they must not be torn either."""

    def tear(sound):
        return replace(sound, fold=np.r_[(sound.fold[0] + 1) % 3, sound.fold[1:]])

    leak(monkeypatch, "inter_patient", tear)
    with pytest.raises(DataError, match=r"^split: records s01 are in two folds$"):
        split.main("inter_patient")
    assert not paths.split("inter_patient").exists()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_class_absent_from_train_is_refused(beats, monkeypatch, protocol):
    def change(sound):
        kept = beats.label[sound.train] != 3
        return Split(sound.train[kept], sound.fold[kept], sound.test)

    leak(monkeypatch, protocol, change)
    with pytest.raises(DataError, match=r"^split: no beat of class F in train"):
        split.main(protocol)
    assert not paths.split(protocol).exists()


def test_more_folds_than_patients_are_refused(beats):
    configure(folds=8)
    with pytest.raises(DataError, match=r"^split\.folds is 8; use 2 to 7, the number of training"):
        split.main("inter_patient")
    assert not paths.split("inter_patient").exists()


def test_says_how_many_beats_are_where(beats, capsys):
    split.main("inter_patient")
    out = capsys.readouterr().out
    assert "inter_patient test: 70 beats, synthetic recordings" in out
    assert ["all", "14", "14", "14", "14", "14"] in [line.split() for line in out.splitlines()]
    assert "201" not in out


def test_says_that_201_and_202_are_one_patient(tmp_path, monkeypatch, make_beats, capsys):
    monkeypatch.chdir(tmp_path)
    configure(folds=2)
    label = np.tile(np.repeat(range(5), 2), 3)
    beats = make_beats(label, record=np.repeat(["101", "201", "202"], 10), source=np.array("physionet"))
    save_beats(paths.BEATS, beats)
    split.main("inter_patient")
    assert "201 and 202 are one patient" in capsys.readouterr().out


def test_kaggle_files_do_not_tell_patients_apart(tmp_path, monkeypatch, make_beats):
    monkeypatch.chdir(tmp_path)
    configure()
    label = np.tile(range(5), 20)
    beats = make_beats(
        label,
        source=np.array("kaggle"),
        record=np.array([""] * 90 + ["100"] * 10),
        annotation=np.array([-1] * 90 + list(range(10)), dtype=np.int32),
    )
    save_beats(paths.BEATS, beats)
    fold = pd.DataFrame({"record": ["100"] * 10, "annotation": range(10)})
    monkeypatch.setattr(split, "load_test_fold", lambda: fold)
    split.main("intra_patient")
    np.testing.assert_array_equal(load_arrays(paths.split("intra_patient"))["test"], range(90, 100))
    with pytest.raises(DataError, match="does not tell patients apart"):
        split.main("inter_patient")


def test_no_table_of_beats(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    configure()
    with pytest.raises(DataError, match=r"^data/beats\.npz: missing; run `dvc repro`$"):
        split.main("intra_patient")
