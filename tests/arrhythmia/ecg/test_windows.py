import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.signal import resample_poly

from arrhythmia.ecg.windows import centred_windows, kaggle_windows, resampling_kernel, window_length
from arrhythmia.errors import DataError

FS = 360
TIMES = {"before": 0.5, "after": 1.0}
KERNEL, R_ROW = resampling_kernel(FS, 125, **TIMES)


def centred(signal, *sample):
    return centred_windows(np.asarray(signal, dtype=np.float32), np.array(sample, dtype=int), KERNEL, R_ROW)


def sine(hertz, seconds=10):
    return np.sin(2 * np.pi * hertz * np.arange(seconds * FS) / FS)


@pytest.mark.parametrize(
    ("fs", "before", "after", "expected"),
    [(125, 0.5, 1.0, (187, 62)), (100, 0.2, 0.3, (50, 20)), (360, 0, 1, (360, 0)), (125, 0.1, 0, (12, 12))],
)
def test_window_length(fs, before, after, expected):
    assert window_length(fs, before=before, after=after) == expected


def test_shape_and_type():
    windows = centred(sine(1), 400, 500, 600)
    assert windows.shape == (3, 187)
    assert windows.dtype == np.float32
    assert centred(sine(1)).shape == (0, 187)


@pytest.mark.parametrize("fs_in", [125, 128, 250, 360, 1000])
@pytest.mark.parametrize("fs_out", [100, 125, 360])
def test_r_peak_is_exactly_at_its_column(fs_in, fs_out):
    peak = np.exp(-0.5 * ((np.arange(4 * fs_in) - 2 * fs_in) / (0.02 * fs_in)) ** 2)
    kernel, r_row = resampling_kernel(fs_in, fs_out, **TIMES)
    (window,) = centred_windows(peak, np.array([2 * fs_in]), kernel, r_row)
    length, r_index = window_length(fs_out, **TIMES)
    assert window.shape == (length,)
    np.testing.assert_allclose(window[r_index], 1, atol=0.01)
    at = (np.arange(length) - r_index) / fs_out
    np.testing.assert_allclose(window, np.exp(-0.5 * (at / 0.02) ** 2), atol=0.01)


@pytest.mark.parametrize(("fs_in", "fs_out"), [(360, 125), (128, 125), (360, 360), (250, 100)])
def test_equals_resampling_the_whole_signal(fs_in, fs_out):
    """Away from the edges, where the R peak falls on a sample of the resampled signal."""
    signal = np.random.default_rng(0).normal(size=8 * fs_in).astype(np.float32)
    step = fs_in // np.gcd(fs_in, fs_out)
    sample = np.array([step * round(second * fs_in / step) for second in (2, 3, 4, 5.5)])
    kernel, r_row = resampling_kernel(fs_in, fs_out, **TIMES)
    whole = resample_poly(signal.astype(float), fs_out, fs_in)
    length, r_index = window_length(fs_out, **TIMES)
    expected = np.stack([whole[at * fs_out // fs_in - r_index :][:length] for at in sample])
    np.testing.assert_allclose(centred_windows(signal, sample, kernel, r_row), expected, atol=1e-4)


@pytest.mark.parametrize("hertz", [90, 100, 125, 150])
def test_what_125_hz_cannot_hold_is_suppressed(hertz):
    assert np.abs(centred(sine(hertz), 1000, 1001, 1010)).max() < 0.003


@pytest.mark.parametrize("hertz", [1, 10, 30])
def test_what_125_hz_can_hold_is_kept(hertz):
    for at in (1000, 1001, 1007):
        time = at / FS + (np.arange(187) - 62) / 125
        np.testing.assert_allclose(centred(sine(hertz), at)[0], np.sin(2 * np.pi * hertz * time), atol=0.01)


def test_constant_signal_stays_constant_up_to_the_edges():
    windows = centred(np.full(1000, -1.25), 0, 1, 500, 998, 999)
    np.testing.assert_allclose(windows, -1.25, atol=0.002)


def test_edges_are_padded_with_the_first_and_the_last_value():
    signal = np.random.default_rng(0).normal(size=700)
    padded = np.pad(signal, 1000, mode="edge")
    at = np.array([0, 5, 695, 699])
    np.testing.assert_array_equal(centred(signal, *at), centred(padded, *(at + 1000)))


def test_values_are_rounded_to_a_ten_thousandth_of_a_millivolt():
    windows = centred(np.random.default_rng(0).normal(size=2000), 1000).astype(float) * 1e4
    np.testing.assert_allclose(windows, windows.round(), atol=5e-3)


@given(shift=st.integers(0, 400), at=st.integers(0, 799))
def test_window_depends_only_on_what_is_around_the_beat(shift, at):
    signal = np.pad(np.random.default_rng(0).normal(size=800), (1000, 1000), mode="edge")
    expected = centred(signal, 1000 + at)
    np.testing.assert_array_equal(centred(signal[shift:], 1000 + at - shift), expected)


def test_kaggle_window_by_hand():
    adu = np.arange(1000) % 10
    adu[103] = 20
    (window,) = kaggle_windows(adu, np.array([100, 110, 130]), np.array([0]))
    # from 100 to 110 + 0.2 * 20 = 114, every third sample, over a range of 20
    np.testing.assert_array_equal(window[:5], np.float32([0, 1, 6 / 20, 9 / 20, 2 / 20]))
    assert not window[5:].any()
    assert window.shape == (187,)
    assert window.dtype == np.float32


def test_end_of_the_record_closes_the_last_kaggle_window():
    adu = np.arange(1, 301)
    (window,) = kaggle_windows(adu, np.array([0, 200]), np.array([0]))
    assert np.count_nonzero(window) == len(range(0, 200 + 20, 3)) - 1  # the first value is the smallest, 0


def test_long_kaggle_window_is_scaled_before_it_is_cut():
    adu = np.zeros(2000, dtype=int)
    adu[3], adu[1500] = 5, 10
    (window,) = kaggle_windows(adu, np.array([0, 1600]), np.array([0]))
    assert window.max() == window[1] == 0.5


def test_flat_kaggle_window_is_zero():
    assert not kaggle_windows(np.full(100, 7), np.array([10, 50]), np.array([0])).any()


def test_no_kaggle_beat():
    assert kaggle_windows(np.arange(9), np.array([1, 5]), np.array([], dtype=int)).shape == (0, 187)


@given(
    adu=arrays(np.int32, st.integers(50, 900), elements=st.integers(0, 2047)),
    data=st.data(),
)
def test_kaggle_windows_follow_the_rule(adu, data):
    sample = data.draw(
        st.lists(st.integers(0, len(adu) - 1), min_size=2, max_size=6, unique=True).map(sorted)
    )
    windows = kaggle_windows(adu, np.array(sample), np.arange(len(sample) - 1))
    ends = [*sample, len(adu)]
    for i, window in enumerate(windows):
        cut = adu[ends[i] : ends[i + 1] + int(0.2 * (ends[i + 2] - ends[i + 1])) : 3]
        scaled = (cut - cut.min()) / max(np.ptp(cut), 1)
        expected = np.zeros(187)
        expected[: min(187, len(scaled))] = scaled[:187]
        np.testing.assert_array_equal(window, expected.astype(np.float32))
        assert window.min() >= 0
        assert window.max() <= 1


def test_annotations_on_one_another_leave_no_window():
    with pytest.raises(DataError, match="no sample between the annotations at 100"):
        kaggle_windows(np.arange(500), np.array([100, 100, 102]), np.array([0]))
