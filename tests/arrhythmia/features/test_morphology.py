import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrhythmia.features.morphology import (
    FEATURES,
    P_WAVE_BEATS,
    mean_around,
    p_wave_correlation,
    qrs_width,
    shape_features,
)


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


def p_wave(*, height=0.2, at=-0.16, fs=125, r_index=62, length=187):
    """A P wave as a Gaussian bump, `at` s from the R peak."""
    time = (np.arange(length) - r_index) / fs
    return height * np.exp(-0.5 * ((time - at) / 0.02) ** 2)


def shape_of(waveform, template, record=None):
    record = np.full(len(waveform), "a") if record is None else record
    values = shape_features(waveform, np.float32(template), record, 125, 62)
    assert values.dtype == np.float32
    return dict(zip(FEATURES, values.T, strict=True))


def test_a_beat_like_its_reference():
    waveform = np.tile(triangle(0.05) + p_wave(), (3, 1))
    shape = shape_of(waveform, waveform)
    assert list(shape) == ["qrs_width", "qrs_correlation", "qrs_rmse", "qrs_area_ratio", "p_wave_correlation"]
    for name, value in {
        "qrs_width": 1,
        "qrs_correlation": 1,
        "qrs_rmse": 0,
        "qrs_area_ratio": 0,
        "p_wave_correlation": 1,
    }.items():
        np.testing.assert_allclose(shape[name], value, atol=1e-6)


def test_formulas_of_shape_by_hand():
    """Beside a template of height 2 over 12 + 19 samples, with a median of 0."""
    template = triangle(0.05, height=2)
    waveform = np.stack([triangle(0.1, height=1), template, template])
    shape = shape_of(waveform, np.tile(template, (3, 1)))
    beat, usual = waveform[0, 50:81], template[50:81]
    assert shape["qrs_width"][0] == pytest.approx(np.sum(beat > 0.4) / np.sum(usual > 0.8))
    assert shape["qrs_rmse"][0] == pytest.approx(np.sqrt(np.mean((beat - usual) ** 2)) / 2, rel=1e-5)
    small = 0.01 * 2  # keeps the logarithm finite
    expected = np.log((beat.mean() + small) / (usual.mean() + small))
    assert shape["qrs_area_ratio"][0] == pytest.approx(expected, abs=1e-6)
    expected = max(np.corrcoef(waveform[0, 50 + k : 81 + k], usual)[0, 1] for k in range(-4, 5))
    assert shape["qrs_correlation"][0] == pytest.approx(expected, rel=1e-5)


def test_qrs_correlation_forgives_a_shift_of_32_ms_but_not_of_64():
    usual = triangle(0.04)
    waveform = np.stack([np.roll(usual, 4), np.roll(usual, -4), np.roll(usual, 8), -usual])
    correlation = shape_of(waveform, np.tile(usual, (4, 1)))["qrs_correlation"]
    np.testing.assert_allclose(correlation[:2], 1, atol=1e-6)
    assert 0 < correlation[2] < 0.9
    assert correlation[3] < 0


@given(gain=st.sampled_from([0.25, 3.0]), offset=st.sampled_from([-5.0, 0.0, 5.0]))
def test_no_shape_feature_depends_on_the_patients_amplitude(gain, offset):
    waveform = np.random.default_rng(0).integers(-64, 64, size=(5, 187)).astype(float)
    template = np.tile(triangle(0.05, height=64) + p_wave(height=16), (5, 1))
    one, other = shape_of(waveform, template), shape_of(waveform * gain + offset, template * gain + offset)
    for name in FEATURES:
        np.testing.assert_allclose(one[name], other[name], atol=1e-5)


def test_flat_beats_and_references_give_no_infinity():
    beat, flat = triangle(0.05), np.zeros(187)
    shape = shape_of(np.stack([flat, beat, flat]), np.stack([beat, flat, flat]))
    assert np.isnan(shape["qrs_correlation"]).all()
    assert np.isnan(shape["p_wave_correlation"]).all()
    for name in ("qrs_width", "qrs_rmse", "qrs_area_ratio"):
        assert (np.isfinite(shape[name]) | np.isnan(shape[name])).all()
    np.testing.assert_array_equal(shape["qrs_rmse"][2], 0)
    assert shape["qrs_area_ratio"][0] < -1


def test_an_unknown_record_has_no_usual_shape():
    waveform = np.tile(triangle(0.05) + p_wave(), (2, 1))
    shape = shape_of(waveform, waveform, np.array(["", "a"]))
    for name in FEATURES:
        np.testing.assert_array_equal(np.isnan(shape[name]), [True, False])


@pytest.mark.parametrize(("length", "r_index"), [(20, 8), (26, 12), (100, 0), (60, 59)])
def test_a_window_shorter_than_the_complex_and_its_shifts(length, r_index):
    waveform = np.random.default_rng(0).normal(size=(4, length))
    values = shape_features(waveform, waveform.astype(np.float32), np.full(4, "a"), 125, r_index)
    assert np.isfinite(values[:, :4]).all()
    np.testing.assert_allclose(values[:, 1], 1, atol=1e-6)
    assert np.isfinite(values[:, 4]).all() == (r_index >= 32)  # else the window begins after the P wave does
    assert np.isnan(values[:, 4]).all() == (r_index < 32)


def match_of(waveform, template):
    return p_wave_correlation(np.float32([waveform]), np.float32([template]), 125, 62)[0]


@pytest.mark.parametrize("beat", [triangle(0.05), triangle(0.06, height=-3.0)])
def test_the_same_p_wave_matches_whatever_the_size_and_the_complex(beat):
    usual = triangle(0.05) + p_wave()
    assert match_of(beat + p_wave(height=0.07), usual) == pytest.approx(1, abs=1e-5)
    assert match_of(beat + p_wave(height=-0.4), usual) == pytest.approx(-1, abs=1e-5)
    assert match_of(beat + p_wave(at=-0.2), usual) < 0.5


@given(slope=st.floats(-2, 2), offset=st.floats(-3, 3))
def test_neither_slope_nor_offset_hides_a_p_wave(slope, offset):
    """Baseline wander, and the end of a T wave, are all but straight there."""
    drift = offset + slope * np.arange(187) / 125
    assert match_of(p_wave(height=0.1) + drift, p_wave()) == pytest.approx(1, abs=1e-3)
    assert match_of(p_wave(), p_wave() + drift) == pytest.approx(1, abs=1e-3)


def test_match_by_hand():
    """At 125 Hz from the 32nd to the 10th sample before the R peak, less a straight line that is fitted."""
    waveform, template = np.random.default_rng(0).normal(size=(2, 6, 187))
    place, x = slice(62 - 32, 62 - 9), np.arange(23)
    rest = [
        [row[place] - np.polyval(np.polyfit(x, row[place], 1), x) for row in rows]
        for rows in (waveform, template)
    ]
    expected = [np.corrcoef(a, b)[0, 1] for a, b in zip(*rest, strict=True)]
    np.testing.assert_allclose(p_wave_correlation(waveform, template, 125, 62), expected)


def test_what_lies_outside_the_p_wave_does_not_matter():
    waveform, template = np.random.default_rng(0).normal(size=(2, 4, 187))
    before = p_wave_correlation(waveform, template, 125, 62)
    for rows in (waveform, template):
        rows[:, : 62 - 32] = rows[:, 62 - 9 :] = 99
    np.testing.assert_array_equal(p_wave_correlation(waveform, template, 125, 62), before)


@pytest.mark.parametrize("level", [0.0, 0.1, -0.3, 1000.0])
def test_a_flat_stretch_has_no_p_wave(level):
    """No level may leave rounding errors to be correlated."""
    flat = np.tile(np.float32(triangle(0.05) + level), (3, 1))
    waves = np.random.default_rng(0).normal(size=(3, 187)).astype(np.float32)
    for one, other in ((flat, waves), (waves, flat)):
        np.testing.assert_array_equal(p_wave_correlation(one, other, 125, 62), [np.nan] * 3)


@pytest.mark.parametrize(("r_index", "known"), [(0, False), (31, False), (32, True), (62, True)])
def test_a_window_that_begins_after_the_p_wave_shows_none(r_index, known):
    waveform = np.random.default_rng(0).normal(size=(3, 100)).astype(np.float32)
    match = p_wave_correlation(waveform, waveform, 125, r_index)
    assert match.shape == (3,)
    assert np.isfinite(match).all() == known
    assert np.isnan(match).all() != known
    assert p_wave_correlation(waveform[:0], waveform[:0], 125, r_index).shape == (0,)


@given(
    value=st.lists(st.just(np.nan) | st.integers(-8, 8).map(float), max_size=70),
    names=st.sampled_from(["a", "ab", "abc"]),
    in_turn=st.booleans(),
)
def test_mean_around_is_that_of_the_beats_on_either_side_in_the_record(value, names, in_turn):
    """Whether records stand one after the other or in turn."""
    value = np.array(value, dtype=float)
    order = np.arange(len(value))
    record = np.array(list(names))[order % len(names) if in_turn else order * len(names) // (len(order) or 1)]
    expected = []
    for beat in order:
        own = np.flatnonzero(record == record[beat])
        place = np.flatnonzero(own == beat)[0]
        around = value[own[max(place - P_WAVE_BEATS, 0) : place + P_WAVE_BEATS + 1]]
        known = around[np.isfinite(around)]
        expected.append(known.mean() if len(known) else np.nan)
    np.testing.assert_allclose(mean_around(value, record), expected)


def test_the_p_waves_of_the_neighbours_count_and_those_of_other_records_do_not():
    """Record a: usual P waves but in the last beat; b, of one beat, has none."""
    usual, inverted = triangle(0.05) + p_wave(), triangle(0.05) + p_wave(height=-0.2)
    waveform = np.stack([*[usual] * 30, inverted, triangle(0.05)])
    record = np.array(["a"] * 31 + ["b"])
    shape = shape_of(waveform, np.tile(usual, (32, 1)), record)["p_wave_correlation"]
    np.testing.assert_allclose(shape[:10], 1, atol=1e-5)
    counted = [len(range(max(beat - 20, 0), 31)) for beat in range(10, 31)]  # one of them is -1
    np.testing.assert_allclose(shape[10:31], 1 - 2 / np.array(counted), atol=1e-5)
    assert np.isnan(shape[31])
