import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrhythmia.rhythm import FEATURES, rhythm_features
from arrhythmia.rr import long_run_rr, rr_intervals


def features_of(intervals, *, before=4, long_run=50):
    sample = np.cumsum([0, *np.round(np.array(intervals) * 360)]).astype(int)
    rr = rr_intervals(sample, 360, before=before, after=1)
    return rhythm_features(rr, before, long_run_rr(sample, 360, beats=long_run))


def column(features, name):
    return features[:, FEATURES.index(name)]


def test_a_steady_rhythm_gives_zeros():
    features = features_of([0.8] * 12)
    assert features.shape == (13, len(FEATURES))
    np.testing.assert_allclose(features[2:-1], 0, atol=1e-6)


def test_a_premature_beat_and_its_pause():
    features = features_of([0.8] * 6 + [0.4, 1.2] + [0.8] * 4)  # beat 7 comes 0.4 s early
    early = 7
    assert column(features, "previous")[early] == pytest.approx(np.log(0.5))
    assert column(features, "onset")[early] == pytest.approx(np.log(0.5))
    assert column(features, "next")[early] == pytest.approx(np.log(1.5))
    assert column(features, "pause")[early] == pytest.approx(np.log(0.4 / 1.2), abs=1e-6)
    assert column(features, "long_run")[early] == pytest.approx(np.log(0.4 / ((6 * 0.8 + 0.4) / 7)), abs=1e-6)


def test_the_local_rhythm_leaves_out_the_interval_that_is_judged():
    features = features_of([0.8] * 5 + [0.4] * 3, before=3)
    first, second, third = 6, 7, 8
    previous = column(features, "previous")
    assert previous[first] == pytest.approx(np.log(0.5))
    assert previous[second] == pytest.approx(np.log(0.4 / 0.6), abs=1e-6)
    assert previous[third] == pytest.approx(0, abs=1e-6)
    assert column(features, "long_run")[third] < -0.3  # still early against the patient's own rate


def test_missing_neighbours_are_nan():
    features = features_of([0.8] * 5)
    assert np.isnan(features[0]).all()
    assert np.isnan(features[-1, [FEATURES.index("next"), FEATURES.index("pause")]]).all()
    assert np.isnan(column(features, "previous")[1])  # one interval is no local rhythm


@given(st.lists(st.integers(72, 720), min_size=4, max_size=20), st.sampled_from([2, 3]))
def test_ratios_do_not_depend_on_the_heart_rate(intervals, factor):
    sample = np.cumsum([0, *intervals])

    def at(scale):
        rr = rr_intervals(sample * scale, 360, before=3, after=1)
        return rhythm_features(rr, 3, long_run_rr(sample * scale, 360, beats=5))

    np.testing.assert_allclose(at(1), at(factor), atol=1e-5)
