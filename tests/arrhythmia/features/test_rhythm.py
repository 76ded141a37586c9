import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrhythmia.ecg.rr_intervals import long_run_rr, rr_intervals
from arrhythmia.features.rhythm import FEATURES, narrowest, quantile, rhythm_features

CAUSAL = ["pre_rr_ratio"]
NEXT_BEAT = ["pre_post_rr_ratio"]


def features_of(intervals, *, before=4, after=3, long_run=50):
    sample = np.cumsum([0, *np.round(np.array(intervals) * 360)]).astype(int)
    rr = rr_intervals(sample, 360, before=before, after=after)
    return rhythm_features(rr, before, long_run_rr(sample, 360, beats=long_run))


def column(features, name):
    return features[:, FEATURES.index(name)]


def test_a_steady_rhythm_gives_zeros():
    features = features_of([0.8] * 12)
    assert features.shape == (13, len(FEATURES))
    assert features.dtype == np.float32
    np.testing.assert_allclose(features[2:-1], 0, atol=1e-6)


def test_a_premature_beat_and_its_pause():
    features = features_of([0.8] * 6 + [0.4, 1.2] + [0.8] * 4)  # beat 7 comes 0.4 s early
    early = 7
    assert column(features, "pre_rr_local")[early] == pytest.approx(np.log(0.5))
    assert column(features, "pre_rr_ratio")[early] == pytest.approx(np.log(0.5))
    assert column(features, "post_rr_local")[early] == pytest.approx(np.log(1.5))
    assert column(features, "pre_post_rr_ratio")[early] == pytest.approx(np.log(0.4 / 1.2), abs=1e-6)
    assert column(features, "pre_rr_global")[early] == pytest.approx(np.log(0.4 / 0.8), abs=1e-6)
    assert column(features, "rr_irregularity")[early] == pytest.approx(0, abs=1e-6)


def test_formulas_on_one_row_by_hand():
    # three intervals, the one that ends with the beat, the next one, and two more, of which one is unknown
    rr = np.array([[0.6, 0.9, 0.8, 0.5, 1.1, 0.75, np.nan]])
    underlying = 0.9  # 80th percentile of 0.5 0.6 0.75 0.8 0.9 1.1: place 4
    expected = {
        "pre_rr_local": np.log(0.5 / underlying),
        "post_rr_local": np.log(1.1 / underlying),
        "pre_post_rr_ratio": np.log(0.5 / 1.1),
        "pre_rr_ratio": np.log(0.5 / 0.8),
        "pre_rr_global": np.log(0.5 / 0.7),
        "rr_irregularity": np.log(0.9 / 0.75),  # two fifths of six are three: 0.75, 0.8 and 0.9
    }
    features = rhythm_features(rr, 4, np.array([0.7]))
    assert tuple(expected) == FEATURES
    np.testing.assert_allclose(features[0], list(expected.values()), rtol=1e-6)


def test_the_underlying_rhythm_is_the_slow_one_where_most_beats_are_early():
    """Couplets of early beats after each usual one: two of three intervals are short."""
    features = features_of([0.9, 0.5, 0.5] * 6, before=7, after=6)
    np.testing.assert_allclose(column(features, "pre_rr_local")[[8, 9]], np.log(0.5 / 0.9), atol=1e-6)
    np.testing.assert_allclose(column(features, "pre_rr_local")[10], 0, atol=1e-6)


def test_a_run_of_early_beats_is_early_from_its_first_to_its_last():
    """The rhythm after the run tells as much as that before it."""
    features = features_of([0.8] * 8 + [0.4] * 3 + [0.8] * 8, before=8, after=7)
    run = slice(9, 12)
    for name in ("pre_rr_local", "pre_rr_global"):
        assert (column(features, name)[run] < -0.4).all()
        assert (np.abs(np.delete(column(features, name), [0, *range(9, 12)])) < 0.2).all()
    np.testing.assert_allclose(column(features, "pre_rr_local")[run], np.log(0.5), atol=1e-6)


def test_irregularity_tells_a_wandering_rhythm_from_a_steady_one_with_many_early_beats():
    """Of each six intervals two are early and one is a pause: what prevails is half of them."""
    wandering = features_of(np.random.default_rng(0).uniform(0.5, 1.1, 60), before=31, after=30)
    many = features_of([0.8, 0.5, 0.8, 0.45, 1.2, 0.8] * 10, before=31, after=30)
    assert (column(wandering, "rr_irregularity")[5:-5] > 0.1).all()
    assert (column(many, "rr_irregularity")[5:-5] < 0.01).all()


def missing(features):
    return [name for name, value in zip(FEATURES, features, strict=True) if np.isnan(value)]


def test_missing_neighbours_are_nan():
    features = features_of([0.8] * 6)
    assert missing(features[0]) == [
        "pre_rr_local",
        "pre_post_rr_ratio",
        "pre_rr_ratio",
        "pre_rr_global",
        "rr_irregularity",
    ]
    assert missing(features[1]) == ["pre_rr_ratio"]
    assert [missing(row) for row in features[2:-1]] == [[]] * 4
    assert missing(features[-1]) == ["post_rr_local", "pre_post_rr_ratio"]
    np.testing.assert_allclose(features[~np.isnan(features)], 0, atol=1e-6)


def test_three_intervals_tell_no_irregularity():
    features = features_of([0.8, 0.7, 0.9])
    assert np.isnan(column(features, "rr_irregularity")).all()
    assert missing(features[2]) == ["rr_irregularity"]


@pytest.mark.parametrize("n", [0, 1])
def test_without_an_interval_there_is_no_feature(n):
    rr = rr_intervals(np.arange(n) * 360, 360, before=4, after=3)
    features = rhythm_features(rr, 4, long_run_rr(np.arange(n) * 360, 360, beats=5))
    assert features.shape == (n, len(FEATURES))
    assert np.isnan(features).all()


def test_a_gap_that_is_unknown_is_no_interval():
    rr = np.array([[0.8, 0.8, np.nan, 0.4, 0.8, 0.8, 0.8]])
    features = rhythm_features(rr, 4, np.array([0.8]))
    expected = [np.log(0.5), 0, np.log(0.5), np.nan, np.log(0.5), 0]
    np.testing.assert_allclose(features[0], expected, atol=1e-6)


def test_two_beats_in_one_place_do_not_hide_the_rhythm_around():
    """An interval of 0, as a careless annotation may give, has no logarithm."""
    features = features_of([0.8] * 5 + [0.0] + [0.8] * 2 + [0.0] + [0.8] * 5, before=6, after=5)
    assert column(features, "pre_rr_local")[6] == -np.inf
    assert column(features, "post_rr_local")[5] == -np.inf
    np.testing.assert_allclose(column(features, "rr_irregularity"), 0, atol=1e-6)


def test_only_what_is_said_to_be_causal_is():
    """Later beats change: nothing causal may follow, and all that looks further than a beat must."""
    intervals = np.random.default_rng(1).uniform(0.5, 1.1, 30)
    changed = intervals.copy()
    changed[20:] *= 0.6
    before, after = (
        features_of(list(values), before=10, after=5, long_run=3)[:21] for values in (intervals, changed)
    )
    moved = {name: np.flatnonzero(column(before, name) != column(after, name)) for name in FEATURES}
    moved = {
        name: rows[rows > 1] for name, rows in moved.items()
    }  # what is NaN at the start differs from NaN
    assert {name: len(rows) for name, rows in moved.items() if name in CAUSAL} == dict.fromkeys(CAUSAL, 0)
    assert {name: rows.tolist() for name, rows in moved.items() if name in NEXT_BEAT} == {
        "pre_post_rr_ratio": [20]
    }
    # five columns from the beat on, and three intervals on either side in the long-run mean
    for name, reach in {
        "pre_rr_local": 5,
        "post_rr_local": 5,
        "rr_irregularity": 5,
        "pre_rr_global": 3,
    }.items():
        assert 20 - moved[name].min() < reach
        assert len(moved[name]) > 1, name


@given(st.lists(st.integers(72, 720), min_size=4, max_size=20), st.sampled_from([2, 3]))
def test_ratios_do_not_depend_on_the_heart_rate(intervals, factor):
    sample = np.cumsum([0, *intervals])

    def at(scale):
        rr = rr_intervals(sample * scale, 360, before=3, after=2)
        return rhythm_features(rr, 3, long_run_rr(sample * scale, 360, beats=5))

    np.testing.assert_allclose(at(1), at(factor), atol=1e-5)


@given(
    rows=st.lists(
        st.lists(st.just(np.nan) | st.floats(-100, 100), min_size=5, max_size=5), min_size=1, max_size=8
    ),
    share=st.sampled_from([0, 0.2, 0.5, 0.8, 0.93, 1]),
)
def test_quantile_is_that_of_numpy(rows, share):
    values = np.array([*rows, [np.nan] * 5, [1.0, np.nan, np.nan, np.nan, np.nan]])
    known = np.isfinite(values).any(axis=1)
    found = quantile(values, share)
    assert found.shape == known.shape
    np.testing.assert_allclose(found[known], np.nanquantile(values[known], share, axis=1), atol=1e-12)
    assert np.isnan(found[~known]).all()


KNOWN_OR_NOT = st.sampled_from([np.nan, -np.inf]) | st.floats(-100, 100)


@given(
    rows=st.lists(st.lists(KNOWN_OR_NOT, min_size=7, max_size=7), min_size=1, max_size=8),
    share=st.sampled_from([0, 0.2, 0.4, 0.5, 0.93, 1]),
)
def test_narrowest_is_the_least_spread_of_any_choice_of_values(rows, share):
    found = narrowest(np.array(rows), share)
    assert found.shape == (len(rows),)
    for row, width in zip(rows, found, strict=True):
        known = [value for value in row if np.isfinite(value)]
        if len(known) < 4:
            assert np.isnan(width)
            continue
        held = max(int(np.ceil(share * len(known))), 2)
        assert width == min(max(chosen) - min(chosen) for chosen in itertools.combinations(known, held))


def test_narrowest_by_hand():
    values = np.array([[5, 1, 2, 9, 2.5], [3, 3, 3, 3, 3], [0, 4, np.nan, 6, 12], [1, 2, 3, np.nan, np.nan]])
    np.testing.assert_array_equal(narrowest(values, 0.4), [0.5, 0, 2, np.nan])
    np.testing.assert_array_equal(narrowest(values, 0.6), [1.5, 0, 6, np.nan])
    assert narrowest(values[:0], 0.4).shape == (0,)
