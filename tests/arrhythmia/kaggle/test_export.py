import hashlib
import io

import numpy as np
import pandas as pd
import pytest

from arrhythmia.datasets.kaggle import load_test_fold
from arrhythmia.errors import DataError
from arrhythmia.kaggle import export
from arrhythmia.kaggle.export import file_rows, rows_as_text


def fold(*beats):
    return pd.DataFrame(beats, columns=["record", "annotation"])


def text_of(waveform, label):
    return b"".join(text for _, text in rows_as_text(waveform, label))


def test_text_is_that_of_numpy(monkeypatch):
    rng = np.random.default_rng(0)
    waveform = (rng.integers(0, 300, (5, 187)) / 299).astype(np.float32)
    waveform[0, :3] = 0, 1, 1e-9
    label = np.array([0, 1, 2, 3, 4], dtype=np.int8)
    expected = io.BytesIO()
    np.savetxt(expected, np.column_stack([waveform, label]), delimiter=",")
    monkeypatch.setattr(export, "CHUNK", 2)
    assert text_of(waveform, label) == expected.getvalue()
    assert [count for count, _ in rows_as_text(waveform, label)] == [2, 2, 1]


def test_no_rows_no_text():
    assert text_of(np.zeros((0, 187), np.float32), np.zeros(0, np.int8)) == b""


def test_test_rows_keep_their_order_and_training_rows_go_by_class(make_beats):
    beats = make_beats([2, 0, 1, 0, 2])
    rows = file_rows(beats, fold(("s01", 4), ("s01", 1)))
    assert {name: chosen.tolist() for name, chosen in rows.items()} == {
        "mitbih_train.csv": [3, 2, 0],
        "mitbih_test.csv": [4, 1],
    }


@pytest.mark.parametrize("absent", [("s02", 1), ("s01", 9)])
def test_recordings_without_a_test_beat_are_refused(make_beats, absent):
    with pytest.raises(DataError, match=r"1 of the 2 rows of the test file .*--records FOLDER"):
        file_rows(make_beats([0, 1, 2]), fold(("s01", 1), absent))


def test_real_rows_text_included(real_beats, reference_data):
    beats = real_beats["kaggle"]
    rows = file_rows(beats, load_test_fold())
    assert {name: len(chosen) for name, chosen in rows.items()} == {
        "mitbih_train.csv": 87_554,
        "mitbih_test.csv": 21_892,
    }
    known = {part: known_lines(reference_data, part) for part in ("train", "test")}
    first = rows["mitbih_test.csv"][:5]
    assert text_of(beats.waveform[first], beats.label[first]).splitlines() == known["test"]
    normal = rows["mitbih_train.csv"][beats.label[rows["mitbih_train.csv"]] == 0]
    lines = text_of(beats.waveform[normal], beats.label[normal]).splitlines()
    assert [lines.count(line) for line in known["train"]] == [1] * 5


def test_the_test_file_is_the_published_one(real_beats):
    """Every byte of it: docs/kaggle.md says where copies with this digest are published."""
    beats = real_beats["kaggle"]
    test = file_rows(beats, load_test_fold())["mitbih_test.csv"]
    digest = hashlib.sha256()
    for _, text in rows_as_text(beats.waveform[test], beats.label[test]):
        digest.update(text)
    assert digest.hexdigest() == "f3fdb3fd318275e653fac082b617d8c1ef09fca619a0606dc22c863451c77333"


def known_lines(folder, part):
    # Kept with CRLF; the file that Kaggle hands out has as many bytes as rows with LF give (docs/kaggle.md).
    return (folder / "kaggle" / f"known_rows_{part}.csv").read_bytes().splitlines()
