from dataclasses import fields

import numpy as np
import pytest

from arrhythmia.ecg.beats import Beats, beat_table, load_beats, save_beats
from arrhythmia.errors import DataError
from arrhythmia.utils.files import load_arrays, save_arrays


def test_beats_come_back(tmp_path, make_beats):
    beats = make_beats([0, 1, 2, 3, 4])
    save_beats(tmp_path / "beats.npz", beats)
    loaded = load_beats(tmp_path / "beats.npz")
    assert len(loaded) == len(beats) == 5
    for field in fields(Beats):
        before, after = getattr(beats, field.name), getattr(loaded, field.name)
        np.testing.assert_array_equal(after, before)
        assert after.dtype == before.dtype


def test_equal_beats_are_equal_files(tmp_path, make_beats):
    for name in ("a.npz", "b.npz"):
        save_beats(tmp_path / name, make_beats([0, 1]))
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_beats_of_another_version(tmp_path, make_beats):
    path = tmp_path / "beats.npz"
    save_beats(path, make_beats([0, 1]))
    arrays = load_arrays(path)
    del arrays["symbol"]
    save_arrays(path, **arrays, extra=np.zeros(2))
    with pytest.raises(DataError, match=r"beats\.npz: fields \['extra', 'symbol'\] .*`dvc repro segment`$"):
        load_beats(path)


def test_beat_table():
    table = beat_table(np.array(["b", "a", "b", "b"]), np.array([0, 2, 0, 4]))
    assert list(table.index) == ["a", "b", "all"]
    assert list(table.columns) == ["N", "S", "V", "F", "Q"]
    np.testing.assert_array_equal(table, [[0, 0, 1, 0, 0], [2, 0, 0, 0, 1], [2, 0, 1, 0, 1]])
