import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrhythmia.rhythm import FEATURES, quantile, rhythm_features
from arrhythmia.rr import long_run_rr, rr_intervals

CAUSAL = ["early", "onset", "long_run", "irregularity"]


def features_of(intervals, *, before=4, long_run=50):
    sample = np.cumsum([0, *np.round(np.array(intervals) * 360)]).astype(int)
    rr = rr_intervals(sample, 360, before=before, after=1)
    return rhythm_features(rr, before, long_run_rr(sample, 360, beats=long_run))


def column(features, name):
    return features[:, FEATURES.index(name)]


def test_a_steady_rhythm_gives_zeros():
    features = features_of([0.8] * 12)
    assert features.shape == (13, len(FEATURES))
    assert features.dtype == np.float32
    np.testing.assert_allclose(features[3:-1], 0, atol=1e-6)


def test_a_premature_beat_and_its_pause():
    features = features_of([0.8] * 6 + [0.4, 1.2] + [0.8] * 4)  # beat 7 comes 0.4 s early
    early = 7
    assert column(features, "early")[early] == pytest.approx(np.log(0.5))
    assert column(features, "onset")[early] == pytest.approx(np.log(0.5))
    assert column(features, "wait")[early] == pytest.approx(np.log(1.5))
    assert column(features, "pause")[early] == pytest.approx(np.log(0.4 / 1.2), abs=1e-6)
    assert column(features, "long_run")[early] == pytest.approx(np.log(0.4 / ((6 * 0.8 + 0.4) / 7)), abs=1e-6)
    assert column(features, "irregularity")[early] == pytest.approx(0, abs=1e-6)


def test_formulas_on_one_row_by_hand():
    rr = np.array([[0.6, 0.9, 0.7, 0.8, 0.5, 1.1]])  # four intervals of the trail, the last one, the next one
    underlying = 0.8 + 0.4 * (0.9 - 0.8)  # 80th percentile of 0.6 0.7 0.8 0.9: place 2.4
    expected = {
        "early": np.log(0.5 / underlying),
        "wait": np.log(1.1 / underlying),
        "pause": np.log(0.5 / 1.1),
        "onset": np.log(0.5 / 0.8),
        "long_run": np.log(0.5 / 0.75),
        "irregularity": np.median([np.log(0.9 / 0.6), np.log(0.9 / 0.7), np.log(0.8 / 0.7)]),
    }
    features = rhythm_features(rr, 5, np.array([0.75]))
    assert tuple(expected) == FEATURES
    np.testing.assert_allclose(features[0], list(expected.values()), rtol=1e-6)


def test_the_underlying_rhythm_is_the_slow_one_where_most_beats_are_early():
    """Couplets of early beats after each usual one: two of three intervals are short."""
    features = features_of([0.9, 0.5, 0.5] * 6, before=13)
    last = -2  # an early beat, before which all intervals are known
    assert column(features, "early")[last] == pytest.approx(np.log(0.5 / 0.9), abs=1e-6)


def test_the_underlying_rhythm_leaves_out_the_interval_that_is_judged():
    features = features_of([0.8] * 5 + [0.4] * 3, before=3)
    first, second, third = 6, 7, 8
    early = column(features, "early")
    assert early[first] == pytest.approx(np.log(0.5))
    assert early[second] == pytest.approx(np.log(0.4 / 0.72), abs=1e-6)
    assert early[third] == pytest.approx(0, abs=1e-6)
    assert column(features, "long_run")[third] < -0.3  # still early against the patient's own rate


def test_irregularity_tells_a_wandering_rhythm_from_a_steady_one_with_a_few_early_beats():
    rng = np.random.default_rng(0)
    wandering = features_of(rng.uniform(0.5, 1.1, 40), before=30)
    few = features_of(([0.8] * 8 + [0.5, 1.1]) * 4, before=30)
    assert column(wandering, "irregularity")[-2] > 0.1
    assert column(few, "irregularity")[-2] < 0.01


def test_missing_neighbours_are_nan():
    features = features_of([0.8] * 5)
    assert np.isnan(features[0]).all()
    assert np.isnan(column(features, "early")[1])  # one interval is no rhythm
    assert column(features, "long_run")[1] == pytest.approx(0, abs=1e-6)
    assert np.isnan(column(features, "irregularity")[2])
    assert np.isfinite(features[3:-1]).all()
    needs_the_next = np.isnan(features[-1])
    assert [name for name, missing in zip(FEATURES, needs_the_next, strict=True) if missing] == [
        "wait",
        "pause",
    ]


def test_a_beat_without_any_interval_has_no_feature():
    assert np.isnan(rhythm_features(np.full((2, 5), np.nan), 4, np.full(2, np.nan))).all()


def test_only_what_is_said_to_be_causal_is():
    """Later beats change: nothing causal may follow, and all that waits for the next beat must."""
    intervals = np.random.default_rng(1).uniform(0.5, 1.1, 30)
    changed = intervals.copy()
    changed[20:] *= 0.6
    before, after = (features_of(list(values), before=10)[:21] for values in (intervals, changed))
    for name in FEATURES:
        same = np.array_equal(column(before, name), column(after, name), equal_nan=True)
        assert same == (name in CAUSAL), name
    np.testing.assert_array_equal(
        before[:20], after[:20]
    )  # wait and pause look no further than the next beat


@given(st.lists(st.integers(72, 720), min_size=4, max_size=20), st.sampled_from([2, 3]))
def test_ratios_do_not_depend_on_the_heart_rate(intervals, factor):
    sample = np.cumsum([0, *intervals])

    def at(scale):
        rr = rr_intervals(sample * scale, 360, before=3, after=1)
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
