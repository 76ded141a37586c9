import numpy as np
import pytest

from arrhythmia.aami import labels_of
from arrhythmia.ecg.conditioning import annotated_beats, condition, detect_beats
from arrhythmia.ecg.detection import BLOCK, block_peaks, median_around, steepest_near, t_waves
from arrhythmia.ecg.filtering import FS
from arrhythmia.ecg.records import read_recording


def ecg(fs, seconds=30, *, rate=1.0, high=()):
    """Narrow complexes of 1 mV at known times; those numbered in `high` are four times as high."""
    t = np.arange(round(seconds * fs)) / fs
    beats = np.arange(0.5, seconds - 0.3, 1 / rate)
    height = np.where(np.isin(np.arange(len(beats)), high), 4.0, 1.0)
    waves = height[:, None] * np.exp(-(((t - beats[:, None]) / 0.02) ** 2))
    return waves.sum(0), beats


def found_in(signal, fs):
    """Return the times of the beats that are found, s."""
    return detect_beats(condition(signal, fs)) / FS


@pytest.mark.parametrize("polarity", [1, -1])
@pytest.mark.parametrize("fs", [100, 128, 250, 360, 1000])
def test_positions_are_the_peaks_at_any_rate(fs, polarity):
    signal, beats = ecg(fs)
    np.testing.assert_allclose(found_in(polarity * signal, fs), beats, atol=1 / FS)


def test_high_beats_do_not_hide_the_others():
    signal, beats = ecg(250, high=range(5, 29, 3))
    assert len(found_in(signal, 250)) == len(beats)


@pytest.mark.parametrize("signal", [np.empty(0), np.zeros(5000), np.full(5000, 3.2), np.ones(10)])
def test_nothing_in_nothing(signal):
    assert len(found_in(signal, 250)) == 0


def test_a_beat_cut_by_the_edge_of_the_signal_is_left_out():
    signal, beats = ecg(250)
    signal[:125] = np.nan  # up to a peak
    np.testing.assert_allclose(found_in(signal[:2625], 250), beats[1:10], atol=1 / FS)


def test_a_block_is_unknown_if_half_of_it_is():
    slope, known = np.arange(3 * BLOCK + 5.0), np.ones(3 * BLOCK + 5, dtype=bool)
    known[BLOCK : BLOCK + 10], known[2 * BLOCK + 9 :] = False, False
    np.testing.assert_array_equal(block_peaks(slope, known), [BLOCK - 1, 2 * BLOCK - 1, np.nan])


def test_the_median_around_a_block_passes_over_what_is_unknown():
    values = np.array([1.0, np.nan, 5.0, 9.0, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(median_around(values, 1), [1, 3, 7, 7, 9, np.nan, np.nan])


def test_a_low_peak_beside_a_high_one_is_a_t_wave():
    time, height = np.array([1.0, 1.2, 2.0, 2.2, 3.0, 3.5]), np.array([1.0, 0.4, 0.4, 1.0, 1.0, 0.4])
    assert t_waves(time, height).tolist() == [False, True, True, False, False, False]


def test_an_annotation_far_from_any_complex_stays_where_it_is():
    slope = np.zeros(1000)
    slope[500] = 1.0
    assert steepest_near(slope, np.array([470, 530, 600])).tolist() == [500, 500, 600]
    assert steepest_near(np.zeros(1000), np.array([470])).tolist() == [470]


@pytest.mark.parametrize(("name", "sensitivity", "precision"), [("101", 0.999, 0.997), ("208", 0.99, 0.998)])
def test_beats_of_training_records(mitdb, name, sensitivity, precision):
    record = read_recording(mitdb, name)
    reference = record.sample[labels_of(record.symbol) >= 0]
    found = detect_beats(condition(record.signal, record.fs))
    distance = np.abs(found[:, None] - reference)
    assert (distance.min(0) <= 0.15 * record.fs).mean() > sensitivity
    assert (distance.min(1) <= 0.15 * record.fs).mean() > precision
    assert (distance.min(0) <= 0.05 * record.fs).mean() > 0.985
    assert np.median(distance.min(0)) <= 2


def test_windows_are_cut_where_detection_sees_the_beat(mitdb):
    record = read_recording(mitdb, "208")
    ecg_ = condition(record.signal, record.fs)
    found = detect_beats(ecg_)
    placed = annotated_beats(ecg_, record.sample[labels_of(record.symbol) >= 0], record.fs)
    assert np.isin(placed, found).mean() > 0.98
    moved = np.random.default_rng(0).integers(-14, 15, len(found))  # by up to 40 ms
    assert (annotated_beats(ecg_, found + moved, FS) == found).mean() > 0.99
