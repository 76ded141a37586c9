"""Pacing pulses, dropouts, calibration pulses: they are taken out, and nothing of a real ECG is."""

import numpy as np
import pytest
from scipy.signal import resample_poly

from arrhythmia.ecg.records import read_recording, record_names
from arrhythmia.inference.artefacts import far_blocks, flat_lines, spikes, without_artefacts
from tests.arrhythmia.ecg.test_detection import ecg


@pytest.mark.parametrize("fs", [200, 250, 360, 500, 1000])
@pytest.mark.parametrize("height", [3.0, -5.0, 10.0, -32.768, -9999.0])
def test_a_spike_a_beat_is_taken_out_and_nothing_else(fs, height):
    signal, peaks = ecg(fs)
    width = max(1, fs // 500)
    places = ((peaks - 0.12) * fs).astype(int)[1:, None] + np.arange(width)
    disturbed = signal.copy()
    disturbed[places] += height
    clean, found = without_artefacts(disturbed, fs)
    assert set(np.flatnonzero(found)) == set(places.ravel())
    np.testing.assert_array_equal(np.isnan(clean), found)
    np.testing.assert_array_equal(clean[~found], signal[~found])


def test_the_first_and_the_last_sample_may_be_spikes():
    signal, _ = ecg(360)
    signal[[0, -1]] = -32.768
    assert np.flatnonzero(spikes(signal, 360)).tolist() == [0, len(signal) - 1]


def test_below_200_hz_and_in_less_than_a_block_none_is_looked_for():
    signal, _ = ecg(125)
    signal[100] += 10
    assert not spikes(signal, 125).any()
    assert not spikes(np.array([0.0, 9.0, 0.0]), 360).any()
    assert not spikes(np.array([]), 360).any()


@pytest.mark.parametrize("frequency", [50.03, 60.0])
@pytest.mark.parametrize("amplitude", [1.5, 3.0, 5.0])
def test_bursts_of_hum_are_no_spikes(frequency, amplitude):
    signal, _ = ecg(360, 60)
    burst = slice(20 * 360, 25 * 360)
    signal[burst] += amplitude * np.sin(2 * np.pi * frequency * np.arange(5 * 360) / 360)
    assert np.flatnonzero(spikes(signal, 360)).size <= 2  # where it begins and ends


def test_spikes_of_two_chambers_are_found():
    signal, peaks = ecg(500)
    places = np.concatenate([((peaks[1:] - before) * 500).astype(int) for before in (0.16, 0.08)])
    signal[places] += 8
    assert set(np.flatnonzero(spikes(signal, 500))) == set(places)


@pytest.mark.parametrize("fs", [100, 128, 250, 360, 1000])
@pytest.mark.parametrize(("level", "offset"), [(5.115, 0), (-32.768, 0), (0, 50), (0, -10)])
@pytest.mark.parametrize("seconds", [0.03, 0.1, 0.2])
def test_blocks_of_codes_and_of_a_recorder_at_its_limit_are_found(fs, level, offset, seconds):
    signal = ecg(fs, 60)[0] + np.random.default_rng(0).normal(scale=0.01, size=60 * fs) + offset
    block = np.zeros(len(signal), dtype=bool)
    for start in range(2 * fs, len(signal) - fs, 7 * fs):
        block[start : start + round(seconds * fs)] = True
    signal[block] = level
    np.testing.assert_array_equal(far_blocks(signal), block)


@pytest.mark.parametrize(
    ("fs", "apart"),
    [(250, ()), (250, (0.04,)), (500, (0.04,)), (500, (-0.15, 0.04)), (1000, (0.08,)), (1000, (-0.08, 0.04))],
)
def test_pulses_of_two_phases_are_one_spike(fs, apart):
    signal, peaks = ecg(fs)
    for before in (0.0, *apart):
        start = ((peaks[1:] - 0.1 + before) * fs).astype(int)
        for i in range(max(1, fs // 1000)):
            signal[start + i] += 10
            signal[start + i + max(2, fs // 500)] -= 10
    found = spikes(signal, fs)
    assert all(found[((peak - 0.1) * fs).astype(int)] for peak in peaks[1:])


def test_held_samples_have_no_far_block(mitdb):
    signal = read_recording(mitdb, "100").signal[:36000]
    for held in (np.repeat(signal, 2)[1:], np.repeat(signal, 3)[2:], np.delete(np.repeat(signal, 2), 301)):
        assert not far_blocks(held).any()


@pytest.mark.parametrize("name", ["100", "103", "106", "210", "220", "231"])
def test_clipped_r_peaks_are_no_far_blocks(mitdb, name):
    whole = read_recording(mitdb, name).signal[:216000].astype(float)
    for fs in (100, 125, 250):
        signal = np.round(resample_poly(whole, fs, 360), 2)
        for percent in (97, 99, 99.9):
            assert not far_blocks(np.clip(signal, *np.percentile(signal, (100 - percent, percent)))).any()


def test_a_clipped_beat_and_an_empty_signal_have_no_far_block():
    for fs in (100, 250):
        assert not far_blocks(np.clip(np.round(ecg(fs, 60)[0], 2), -0.3, 0.5)).any()
    for signal in (np.empty(0), np.zeros(5), np.full(5, np.nan), np.array([1.0, 1.0, 2.0])):
        assert not far_blocks(signal).any()


@pytest.mark.parametrize("level", [0.0, -5.12, 0.5])
def test_lost_packets_that_were_filled_stand_still(level):
    rng = np.random.default_rng(0)
    signal = np.round(ecg(250)[0] + rng.normal(scale=0.01, size=len(ecg(250)[0])), 3)
    filled = np.zeros(len(signal), dtype=bool)
    for start in (300, 1000, 2500):
        filled[start : start + 100] = True
    signal[filled] = level
    np.testing.assert_array_equal(flat_lines(signal, 250), filled)


@pytest.mark.parametrize("level", [-2.0, 3.0])
def test_packets_far_from_the_signal_are_found_however_many(level):
    signal = ecg(250, 120)[0] + np.random.default_rng(0).normal(scale=0.01, size=30000)
    packets = np.zeros(len(signal), dtype=bool)
    for start in range(300, 29000, 400):
        packets[start : start + 125] = True
    signal[packets] = level
    np.testing.assert_array_equal(flat_lines(signal, 250), packets)


def test_packets_are_found_beside_an_electrode_that_is_off():
    signal = ecg(250, 120)[0] + np.random.default_rng(0).normal(scale=0.01, size=30000)
    packets = np.zeros(len(signal), dtype=bool)
    for start in range(1000, 20000, 2500):
        packets[start : start + 125] = True
    signal[packets] = signal[22000:] = 3.0
    assert flat_lines(signal, 250)[:22000].tolist() == packets[:22000].tolist()


def test_a_clipped_signal_does_not_stand_still():
    rng = np.random.default_rng(0)
    signal = np.round(
        ecg(250)[0] + 0.5 * np.sin(np.arange(7500) / 200) + rng.normal(scale=0.01, size=7500), 3
    )
    clipped = np.clip(signal, -0.49, 0.8)
    assert (np.diff(clipped) == 0).sum() > 250
    assert not flat_lines(clipped, 250).any()


def test_coarse_steps_and_a_drawn_line_between_the_beats_are_no_flat_lines():
    rng = np.random.default_rng(0)
    signal = ecg(250)[0]
    drawn, coarse = np.round(signal, 3), np.round(signal + rng.normal(scale=0.01, size=len(signal)), 1)
    assert not flat_lines(drawn, 250).any()
    assert not flat_lines(coarse, 250).any()
    assert not flat_lines(np.array([]), 250).any()


def test_in_real_recordings_nothing_is_found(mitdb):
    """No complex is a spike, nor is a pulse of four pacemakers; 116 is clipped, which is no flat line."""
    for name in record_names(mitdb):
        recording = read_recording(mitdb, name)
        signal, spike = without_artefacts(recording.signal, recording.fs)
        assert signal is recording.signal, name
        assert not spike.any()
