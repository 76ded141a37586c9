import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrhythmia.ecg.rr_intervals import long_run_rr, rr_intervals

NAN = np.nan


def test_intervals_around_each_beat():
    rr = rr_intervals(np.array([100, 300, 400, 800]), 100, before=2, after=1)
    expected = [[NAN, NAN, 2], [NAN, 2, 1], [2, 1, 4], [1, 4, NAN]]
    np.testing.assert_array_equal(rr, np.float32(expected))
    assert rr.dtype == np.float32


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_beats(n):
    rr = rr_intervals(np.arange(n) * 360, 360, before=3, after=2)
    assert rr.shape == (n, 5)
    assert np.isnan(rr).sum() == {0: 0, 1: 5, 2: 8}[n]


@given(
    sample=st.lists(st.integers(0, 10_000), min_size=1, max_size=20, unique=True).map(sorted),
    before=st.integers(1, 5),
    after=st.integers(1, 5),
)
def test_each_column_is_one_interval(sample, before, after):
    rr = rr_intervals(np.array(sample), 360, before=before, after=after)
    assert rr.shape == (len(sample), before + after)
    for beat in range(len(sample)):
        for column in range(before + after):
            end = beat + column - before + 1
            exists = 1 <= end < len(sample)
            expected = (sample[end] - sample[end - 1]) / 360 if exists else NAN
            np.testing.assert_equal(rr[beat, column], np.float32(expected))


def test_long_run_mean():
    sample = np.array([100, 300, 400, 800, 900])  # intervals of 2, 1, 4 and 1 s; the first ends with beat 1
    mean = long_run_rr(sample, 100, beats=1)
    np.testing.assert_allclose(mean, [2, 3 / 2, 7 / 3, 6 / 3, 5 / 2], rtol=1e-6)
    assert mean.dtype == np.float32


@pytest.mark.parametrize("sample", [[], [100]])
def test_no_long_run_mean_without_an_interval(sample):
    mean = long_run_rr(np.array(sample, dtype=int), 100, beats=2)
    np.testing.assert_array_equal(mean, np.full(len(sample), np.float32(NAN)))


@given(
    sample=st.lists(st.integers(0, 10_000), min_size=1, max_size=20, unique=True).map(sorted),
    beats=st.integers(1, 25),
)
def test_long_run_mean_is_that_of_the_intervals_on_either_side(sample, beats):
    interval = [NAN, *(np.diff(sample) / 360)]  # by the beat that it ends with
    around = [interval[max(beat - beats, 0) : beat + beats + 1] for beat in range(len(sample))]
    expected = [np.nanmean(values) if np.isfinite(values).any() else NAN for values in around]
    np.testing.assert_allclose(long_run_rr(np.array(sample), 360, beats=beats), expected, rtol=1e-5)
