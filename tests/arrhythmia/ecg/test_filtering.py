import numpy as np
import pytest

from arrhythmia.ecg.filtering import FS, filtered, mains_hum, resampled
from tests.arrhythmia.ecg.test_detection import ecg

TIME = np.arange(20 * FS) / FS
MIDDLE = slice(2 * FS, 18 * FS)


def sine(frequency, amplitude=1.0):
    return amplitude * np.sin(2 * np.pi * frequency * TIME + 0.3)


def amplitude(signal):
    return np.sqrt(2) * signal[MIDDLE].std()


@pytest.mark.parametrize("frequency", [50, 60])
def test_hum_is_taken_out_and_the_complexes_stay(frequency):
    clean, _ = ecg(FS, 20)
    with_hum = filtered(clean + sine(frequency, 0.3))
    np.testing.assert_allclose(with_hum.signal[MIDDLE], filtered(clean).signal[MIDDLE], atol=0.002)
    assert amplitude(with_hum.hum[(50, 60).index(frequency)]) == pytest.approx(0.3, abs=0.01)
    assert amplitude(with_hum.hum[(60, 50).index(frequency)]) < 0.01


def test_a_complex_does_not_ring():
    clean, beats = ecg(FS, 20)
    ringing = filtered(clean).hum.sum(axis=0)
    assert np.abs(ringing).max() < 0.01
    away = np.abs(TIME[:, None] - beats).min(1) > 0.1
    assert np.abs(filtered(clean).signal[MIDDLE][away[MIDDLE]]).max() < 0.06  # of the high pass alone


def test_hum_that_strays_and_changes_is_followed():
    straying = (1 + 0.3 * np.sin(TIME)) * sine(50.05, 0.3)
    assert amplitude(straying - mains_hum(straying, 50)) < 0.03


@pytest.mark.parametrize(("frequency", "kept"), [(0.1, 0), (0.25, 0.06), (5, 1), (20, 0.94), (100, 0.02)])
def test_the_band_of_the_ecg_is_kept(frequency, kept):
    assert amplitude(filtered(sine(frequency)).signal) == pytest.approx(kept, abs=0.02)


def test_what_is_removed_and_what_is_kept_add_up():
    low = ecg(FS, 20)[0] + sine(0.2, 1.0) + 3
    made = filtered(low)
    assert made.wander[MIDDLE].mean() == pytest.approx(3, abs=0.1)
    assert amplitude(made.wander) == pytest.approx(1, abs=0.15)


def test_a_short_signal_has_no_hum():
    assert mains_hum(np.ones(FS), 50).tolist() == [0] * FS
    assert filtered(np.ones(5)).signal.tolist() == [0] * 5


@pytest.mark.parametrize("fs", [100, 128, 250, 257.3, 1000])
def test_the_common_rate(fs):
    time = np.arange(round(20 * fs)) / fs
    slow = resampled(np.sin(2 * np.pi * 5 * time), fs)
    assert len(slow) == pytest.approx(20 * FS, abs=2)
    expected = np.sin(2 * np.pi * 5 * np.arange(len(slow)) / FS)
    np.testing.assert_allclose(slow[FS:-FS], expected[FS:-FS], atol=0.01)
