import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrhythmia.rr import long_run_rr, rr_intervals

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
    sample = np.array([100, 300, 400, 800, 900])
    mean = long_run_rr(sample, 100, beats=2)
    np.testing.assert_array_equal(mean, np.float32([NAN, 2, 1.5, 2.5, 2.5]))
    assert mean.dtype == np.float32
    assert long_run_rr(sample[:0], 100, beats=2).shape == (0,)


@given(sample=st.lists(st.integers(0, 10_000), min_size=1, max_size=20, unique=True).map(sorted))
def test_long_run_mean_is_that_of_the_intervals_before(sample):
    rr = rr_intervals(np.array(sample), 360, before=3, after=1)[:, :3]
    expected = np.ma.masked_invalid(rr).mean(axis=1).filled(NAN)
    np.testing.assert_allclose(long_run_rr(np.array(sample), 360, beats=3), expected, rtol=1e-5)
