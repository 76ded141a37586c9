import numpy as np

from arrhythmia.studies import neighbours
from arrhythmia.studies.neighbours import nearest, nearest_of_other_patients


def rows(*values):
    return np.array(values, dtype=np.float32).reshape(len(values), -1)


def test_the_nearest_row_and_the_first_of_equally_near_ones():
    assert nearest(rows([0, 0], [5, 5], [1, 0]), rows([4, 4], [0, 1], [0, 1])).tolist() == [1, 0, 1]


def test_no_beat():
    assert nearest(np.zeros((0, 2), np.float32), rows([1, 2])).tolist() == []


def test_blocks_are_put_together_in_order(monkeypatch):
    rng = np.random.default_rng(0)
    beats, known = (rng.random((n, 9), dtype=np.float32) for n in (11, 20))
    brute = [np.linalg.norm(known - beat, axis=1).argmin() for beat in beats]
    monkeypatch.setattr(neighbours, "BLOCK", 4)
    assert nearest(beats, known).tolist() == brute


def test_the_own_patient_is_not_copied():
    known, patient = rows(0, 1, 9), np.array(["a", "b", "c"])
    found = nearest_of_other_patients(rows(0, 0, 8), known, np.array(["a", "b", "c"]), patient)
    assert found.tolist() == [1, 0, 1]
