import numpy as np
import pytest

from arrhythmia.aami import labels_of
from arrhythmia.ecg.detection import detect_beats, weak_neighbours
from arrhythmia.ecg.records import read_recording


def ecg(fs, seconds=30, *, rate=1.0, high=()):
    """Narrow complexes of 1 mV at known times; those numbered in `high` are five times as high."""
    t = np.arange(round(seconds * fs)) / fs
    beats = np.arange(0.5, seconds - 0.3, 1 / rate)
    height = np.where(np.isin(np.arange(len(beats)), high), 5.0, 1.0)
    waves = height[:, None] * np.exp(-(((t - beats[:, None]) / 0.012) ** 2))
    return waves.sum(0), beats


@pytest.mark.parametrize("fs", [128, 250, 360, 1000])
def test_positions_are_the_peaks_at_any_rate(fs):
    signal, beats = ecg(fs)
    np.testing.assert_allclose(detect_beats(signal, fs) / fs, beats, atol=1.5 / fs)


def test_high_beats_do_not_hide_the_others():
    signal, beats = ecg(250, high=range(5, 29, 3))
    assert len(detect_beats(signal, 250)) == len(beats)


@pytest.mark.parametrize("signal", [np.empty(0), np.zeros(5000), np.full(5000, 3.2), np.ones(10)])
def test_nothing_in_nothing(signal):
    assert len(detect_beats(signal, 250)) == 0


def test_a_long_silence_holds_no_beats():
    signal, beats = ecg(250, 120)
    signal += 0.01 * np.random.default_rng(0).normal(size=len(signal))
    signal[8000:20000] = np.linspace(0.01, -0.01, 12000)  # as gaps are bridged
    found = detect_beats(signal, 250) / 250
    np.testing.assert_allclose(found, beats[(beats < 32) | (beats > 80)], atol=0.01)


def test_a_weak_neighbour_is_dropped_and_a_strong_one_stays():
    time, slope = np.array([1.0, 1.2, 2.0, 2.2, 3.0, 3.5]), np.array([1.0, 0.4, 0.4, 1.0, 1.0, 0.4])
    assert weak_neighbours(time, slope).tolist() == [False, True, True, False, False, False]


@pytest.mark.parametrize(("name", "least"), [("101", 0.99), ("208", 0.97)])
def test_beats_of_training_records(mitdb, name, least):
    record = read_recording(mitdb, name)
    reference = record.sample[labels_of(record.symbol) >= 0]
    found = detect_beats(record.signal, record.fs)
    nearest = np.abs(found[:, None] - reference).min(0)
    assert (nearest <= 0.15 * record.fs).mean() > least
    assert np.median(nearest) <= 2  # windows were cut around the annotated peak
