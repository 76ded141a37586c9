"""Simulated patients as the rhythm network takes them."""

from pathlib import Path

import numpy as np
import pytest

from arrhythmia.aami import CLASSES
from arrhythmia.errors import DataError
from arrhythmia.features.tokens import ENTRIES
from arrhythmia.params import load_params
from arrhythmia.simulation import patient_set
from arrhythmia.simulation.patient_set import CUT, simulate_patient, simulate_patients
from arrhythmia.simulation.patients import STRATA


def test_beats_are_cut_as_the_real_ones_are():
    assert load_params(Path(__file__).parents[3] / "params.yaml")["segment"] == CUT


def test_a_patient_of_each_stratum_for_each_seed():
    patients = simulate_patients([3, 4], beats=200, jobs=1)
    assert patients.tokens.shape == (2 * len(STRATA), 190, len(ENTRIES))
    assert patients.label.shape == (2 * len(STRATA), 190)
    assert set(np.unique(patients.label)) <= set(range(len(CLASSES)))
    np.testing.assert_array_equal(patients.stratum, np.tile(np.arange(len(STRATA)), 2))
    tokens, label = simulate_patient(("flutter", 4), beats=200)
    row = len(STRATA) + list(STRATA).index("flutter")
    np.testing.assert_array_equal(patients.tokens[row], tokens[:190])
    np.testing.assert_array_equal(patients.label[row], label[:190])


def test_a_killed_process_is_one_line(monkeypatch):
    def killed(simulate, who, *, jobs):
        return ((one, None) for one in who)

    monkeypatch.setattr(patient_set, "in_processes", killed)
    with pytest.raises(DataError, match=r"^a simulation was killed.* `ARRHYTHMIA_CORES=1 dvc repro`"):
        simulate_patients([3], beats=200, jobs=2)


@pytest.mark.slow
def test_the_number_of_processes_changes_nothing():
    one, two = (simulate_patients([5], beats=150, jobs=jobs) for jobs in (1, 2))
    np.testing.assert_array_equal(one.tokens, two.tokens)
    np.testing.assert_array_equal(one.label, two.label)
