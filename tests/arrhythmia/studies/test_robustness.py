import numpy as np
import pandas as pd
import pytest

from arrhythmia import paths
from arrhythmia.ecg.records import read_recording
from arrhythmia.studies import robustness


def test_the_reference_agrees_with_itself_and_less_with_fewer_beats():
    counts = np.zeros((6, 6), dtype=int)
    np.fill_diagonal(counts[:5, :5], [80, 10, 10, 0, 0])
    assert set(robustness.scores(counts).values()) == {1.0}
    counts[1, 1], counts[1, 5], counts[5, 2] = 5, 5, 10
    found = robustness.scores(counts)
    assert found["sensitivity"] == pytest.approx(0.95)
    assert found["positive_predictivity"] == pytest.approx(95 / 105)
    assert found["f1_S"] == pytest.approx(2 * 5 / 15)
    assert found["f1_V"] == pytest.approx(2 * 10 / 30)


@pytest.mark.parametrize("disturbance", robustness.DISTURBANCES)
def test_a_disturbance_keeps_the_duration(disturbance):
    signal = np.random.default_rng(0).normal(size=36_000)
    disturbed, fs = robustness.DISTURBANCES[disturbance](signal, np.random.default_rng(0))
    assert len(disturbed) / fs == pytest.approx(100, abs=0.1)
    assert np.isfinite(disturbed).all()


@pytest.mark.slow
def test_hum_and_polarity_change_little(mitdb, tmp_path, monkeypatch):
    monkeypatch.setattr(robustness, "RECORDS", ("209",))
    monkeypatch.setattr(robustness, "whole", lambda ecg: read_recording(mitdb, "209").signal[:108_000])
    monkeypatch.setattr(paths, "RAW", mitdb)
    monkeypatch.setattr(paths, "ROBUSTNESS", tmp_path / "robustness.csv")
    some = ("inverted", "hum of 50 Hz, 0.3 mV", "128 Hz")
    monkeypatch.setattr(robustness, "DISTURBANCES", {name: robustness.DISTURBANCES[name] for name in some})
    robustness.main([])
    table = pd.read_csv(tmp_path / "robustness.csv").set_index("disturbance")
    assert (table["refused"] == 0).all()
    assert (table.drop(columns=["refused", "f1_V"]) > 0.97).all(axis=None)  # there is no V in it
