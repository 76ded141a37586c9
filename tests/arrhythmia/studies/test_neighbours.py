import numpy as np

from arrhythmia.studies.neighbours import nearest_of_other_patients


def rows(*values):
    return np.array(values, dtype=np.float32).reshape(len(values), -1)


def test_the_own_patient_is_not_copied():
    known, patient = rows(0, 1, 9), np.array(["a", "b", "c"])
    found = nearest_of_other_patients(rows(0, 0, 8), known, np.array(["a", "b", "c"]), patient)
    assert found.tolist() == [1, 0, 1]
