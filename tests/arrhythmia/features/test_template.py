import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from arrhythmia.features.template import correlation, relative_to_record, template_beat

USUAL, ECTOPIC = np.float32([0, 1, 3, 1, 0]), np.float32([0, -2, 5, -4, 1])


def test_relative_to_record():
    value = np.array([1.0, 2, 6, 10, 30])
    record = np.array(["a", "a", "a", "b", "b"])
    np.testing.assert_array_equal(relative_to_record(value, record), [0.5, 1, 3, 0.5, 1.5])


def test_record_with_median_0_is_unchanged():
    value = np.array([0.0, 0, 4, 3])
    record = np.array(["a", "a", "a", "b"])
    np.testing.assert_array_equal(relative_to_record(value, record), [0, 0, 4, 1])


def test_the_reference_is_the_late_beat_even_where_three_of_four_beats_are_early_ectopic():
    """The plain median would be the ectopic beat, as in record 232."""
    late = np.arange(40) % 4 == 0
    rr = np.where(late, 1.1, 0.5) + np.random.default_rng(0).uniform(-0.05, 0.05, 40)
    template = template_beat(np.where(late[:, None], USUAL, ECTOPIC), rr, np.full(40, "a"))
    assert template.shape == (40, 5)
    assert template.dtype == np.float32
    np.testing.assert_array_equal(template, np.tile(USUAL, (40, 1)))


def test_each_record_has_its_own_reference():
    waveform = np.float32([[1, 0], [2, 0], [9, 6], [5, 5], [7, 7]])
    rr = np.array([0.5, 0.5, 0.9, np.nan, np.nan])
    template = template_beat(waveform, rr, np.array(["a", "a", "a", "b", "b"]))
    # The one late beat of a; in b no interval is known, so the median of all beats
    np.testing.assert_array_equal(template, [[9, 6], [9, 6], [9, 6], [6, 6], [6, 6]])


def test_the_first_beat_of_a_record_has_no_interval_and_is_not_late():
    waveform = np.float32([[100], [1], [2]])
    np.testing.assert_array_equal(
        template_beat(waveform, np.array([np.nan, 0.8, 0.8]), np.array(["a"] * 3)), [[1.5], [1.5], [1.5]]
    )


@given(gain=st.sampled_from([-2.0, 0.5, 4.0]), offset=st.sampled_from([-3.0, 0.0, 8.0]))
def test_the_reference_follows_gain_and_offset_and_other_records_do_not_count(gain, offset):
    rng = np.random.default_rng(0)
    waveform, rr = rng.integers(-50, 50, (11, 4)).astype(np.float32), rng.uniform(0.5, 1, 11)
    record = np.array(["a"] * 6 + ["b"] * 5)
    expected = template_beat(waveform, rr, record) * gain + offset
    np.testing.assert_array_equal(template_beat(waveform * gain + offset, rr, record), expected)
    waveform[6:] = 0
    np.testing.assert_array_equal(template_beat(waveform, rr, record)[:6] * gain + offset, expected[:6])


def test_correlation_is_that_of_numpy():
    x, y = np.random.default_rng(0).normal(size=(2, 6, 9))
    expected = [np.corrcoef(a, b)[0, 1] for a, b in zip(x, y, strict=True)]
    np.testing.assert_allclose(correlation(x, y), expected)
    assert np.isnan(correlation(np.ones((1, 9)), y[:1])[0])
