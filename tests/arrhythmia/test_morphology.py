import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrhythmia.morphology import qrs_width, relative_to_record


def triangle(half_base, *, height=1.0, fs=125, r_index=62):
    """A beat with a triangular QRS complex, `half_base` s to each side."""
    time = (np.arange(187) - r_index) / fs
    return height * np.maximum(1 - np.abs(time) / half_base, 0)


@pytest.mark.parametrize("height", [1, -1, 0.01, 300])
def test_width_is_the_time_beyond_two_fifths_of_the_peak(height):
    waveform = np.stack([triangle(0.05, height=height), triangle(0.1, height=height)])
    width = qrs_width(waveform, 125, 62)
    np.testing.assert_allclose(width, [2 * 0.6 * 0.05, 2 * 0.6 * 0.1], atol=1 / 125)


def test_a_large_next_beat_does_not_widen_this_one():
    waveform = triangle(0.05)
    waveform[62 + 19 : 62 + 60] = 5  # from 152 ms after the R peak on
    np.testing.assert_allclose(qrs_width(waveform[None], 125, 62), 0.06, atol=1 / 125)


@pytest.mark.parametrize("r_index", [0, 3, 186])
def test_r_peak_near_the_edge_of_the_window(r_index):
    width = qrs_width(triangle(0.05, r_index=r_index)[None], 125, r_index)
    assert 0 < width[0] <= 0.07


def test_flat_beat_has_no_width():
    np.testing.assert_array_equal(qrs_width(np.full((2, 187), 3.5), 125, 62), [0, 0])


@given(offset=st.integers(-5, 5), gain=st.sampled_from([-4.0, 0.25, 1.0, 8.0]))
def test_width_depends_neither_on_offset_nor_on_gain(offset, gain):
    waveform = np.random.default_rng(0).integers(-100, 100, size=(5, 187)).astype(float)
    np.testing.assert_array_equal(qrs_width(waveform * gain + offset, 125, 62), qrs_width(waveform, 125, 62))


def test_relative_to_record():
    value = np.array([1.0, 2, 6, 10, 30])
    record = np.array(["a", "a", "a", "b", "b"])
    np.testing.assert_array_equal(relative_to_record(value, record), [0.5, 1, 3, 0.5, 1.5])


def test_record_with_median_0_is_unchanged():
    value = np.array([0.0, 0, 4, 3])
    record = np.array(["a", "a", "a", "b"])
    np.testing.assert_array_equal(relative_to_record(value, record), [0, 0, 4, 1])
