import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from arrhythmia.preprocessing.scaling import fit_scaler, scale_by_beat, scale_by_record

ROWS = arrays(
    np.float32, st.tuples(st.integers(2, 20), st.just(3)), elements=st.integers(-64, 64).map(np.float32)
)


def test_standard_gives_mean_0_and_standard_deviation_1():
    train = np.random.default_rng(0).normal(5, 3, size=(100, 4)).astype(np.float32)
    scaled = fit_scaler(train, "standard")(train)
    np.testing.assert_allclose(scaled.mean(axis=0, dtype=float), 0, atol=1e-6)
    np.testing.assert_allclose(scaled.std(axis=0, dtype=float), 1, atol=1e-6)
    assert scaled.dtype == np.float32


def test_minmax_gives_0_to_1_on_train_and_may_leave_it_elsewhere():
    scaler = fit_scaler(np.array([[0.0, -4], [10, 4]]), "minmax")
    np.testing.assert_array_equal(scaler(np.array([[0, -4], [10, 4], [5, 8]])), [[0, 0], [1, 1], [0.5, 1.5]])


@pytest.mark.parametrize("method", ["standard", "minmax"])
def test_constant_column_becomes_0(method):
    scaled = fit_scaler(np.full((5, 2), 3.0), method)(np.full((2, 2), 3.0))
    np.testing.assert_array_equal(scaled, np.zeros((2, 2)))


@given(train=ROWS, other=ROWS, method=st.sampled_from(["standard", "minmax"]))
def test_scaling_is_the_same_line_for_every_row(train, other, method):
    scaler = fit_scaler(train, method)
    np.testing.assert_allclose(scaler(other) * scaler.scale + scaler.shift, other, atol=1e-3)
    np.testing.assert_array_equal(scaler(np.concatenate([train, other]))[: len(train)], scaler(train))


def test_by_beat():
    waveform = np.float32([[1, 3, 1, 3], [-10, 10, -10, 10], [7, 7, 7, 7]])
    scaled = scale_by_beat(waveform)
    np.testing.assert_array_equal(scaled, [[-1, 1, -1, 1], [-1, 1, -1, 1], [0, 0, 0, 0]])
    assert scaled.dtype == np.float32


@given(waveform=ROWS, other=ROWS)
def test_by_beat_each_row_stands_for_itself(waveform, other):
    both = scale_by_beat(np.concatenate([waveform, other]))
    np.testing.assert_array_equal(both[: len(waveform)], scale_by_beat(waveform))


def test_by_record():
    waveform = np.float32([[0, 0, 4], [1, 1, 3], [2, 2, 8], [0, 0, 1], [5, 5, 5]])
    record = np.array(["a", "a", "a", "b", "c"])
    # peak-to-peak amplitudes 4, 2, 6 with median 4; 1; 0, so no scaling
    expected = [[0, 0, 1], [0, 0, 0.5], [0, 0, 1.5], [0, 0, 1], [0, 0, 0]]
    scaled = scale_by_record(waveform, record)
    np.testing.assert_array_equal(scaled, expected)
    assert scaled.dtype == np.float32


@given(waveform=ROWS, other=ROWS)
def test_by_record_other_records_do_not_count(waveform, other):
    record = np.array(["b"] * len(waveform) + ["a"] * len(other))
    both = scale_by_record(np.concatenate([waveform, other]), record)
    np.testing.assert_array_equal(both[: len(waveform)], scale_by_record(waveform, record[: len(waveform)]))
