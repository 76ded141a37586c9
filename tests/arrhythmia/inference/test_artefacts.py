"""Pacing pulses, dropouts, calibration pulses: they are taken out, and nothing of a real ECG is."""

import numpy as np
import pytest

from arrhythmia.ecg.records import read_recording, record_names
from arrhythmia.inference.artefacts import flat_lines, spikes, without_artefacts
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
