"""Tokens by hand, and what they must not depend on."""

import numpy as np
import pytest

from arrhythmia.features.table import FEATURES, OUTLIER, SCALES, beat_features, scaled
from arrhythmia.features.tokens import ENTRIES, FROM_TABLE, STEP, around, rhythm_tokens
from arrhythmia.features.tokens import SCALES as OWN


def steady(make_beats, n=100, **columns):
    """Beats 0.8 s apart, all of one shape."""
    waveform = np.tile(np.random.default_rng(1).normal(size=100).astype(np.float32), (n, 1))
    made = {"waveform": waveform, "r_index": np.array(38), "rr": np.full((n, 5), 0.8, np.float32)}
    return make_beats(np.zeros(n), **made | {"rr_long": np.full(n, 0.8, np.float32)} | columns)


def column(tokens, name):
    """An entry in its own unit."""
    centre, spread = (SCALES | OWN)[name]
    return tokens[:, ENTRIES.index(name)] * spread + centre


def test_scaled_by_hand_cut_and_zero_where_unknown():
    table = scaled(np.array([[0.3, np.nan], [9.0, -9.0]]), [(0.1, 0.4), (0.0, 1.0)])
    np.testing.assert_allclose(table, [[0.5, 0.0], [OUTLIER, -OUTLIER]], rtol=1e-6)
    assert scaled(np.empty((3, 0)), []).shape == (3, 0)


def test_every_feature_has_a_scale():
    assert tuple(SCALES) == FEATURES


def test_a_steady_rhythm(make_beats):
    beats = steady(make_beats)
    tokens = rhythm_tokens(beats, beat_features(beats))
    assert tokens.shape == (100, len(ENTRIES))
    assert tokens.dtype == np.float32
    np.testing.assert_allclose(column(tokens, "pre_rr"), np.log(0.8), atol=1e-5)
    for name in ("pre_rr_late", "pre_rr_median", "pre_rr_local"):
        np.testing.assert_allclose(column(tokens, name), 0, atol=1e-5)
    np.testing.assert_allclose(column(tokens, "own_p_wave_correlation"), 1, atol=1e-5)
    np.testing.assert_allclose(column(tokens, "qrs_dissimilarity"), np.log(0.0005), atol=1e-3)


def test_entries_from_the_table_are_its_features(make_beats):
    beats = steady(make_beats)
    features = np.random.default_rng(0).uniform(0.01, 0.1, size=(100, len(FEATURES))).astype(np.float32)
    tokens = rhythm_tokens(beats, features)
    for name in FROM_TABLE:
        np.testing.assert_allclose(column(tokens, name), features[:, FEATURES.index(name)], atol=1e-6)


def test_one_early_beat_stands_out_against_half_an_hour(make_beats):
    rr = np.full((100, 5), 0.8, np.float32)
    rr[50, 3] = 0.4
    beats = steady(make_beats, rr=rr)
    late = column(rhythm_tokens(beats, beat_features(beats)), "pre_rr_late")
    np.testing.assert_allclose(late[50], np.log(0.5), atol=1e-5)
    np.testing.assert_allclose(np.delete(late, 50), 0, atol=1e-5)


def test_beats_in_one_place_and_unknown_intervals_are_unknown(make_beats):
    rr = np.full((100, 5), 0.8, np.float32)
    rr[10, 3], rr[20, 3] = 0.0, np.nan
    beats = steady(make_beats, rr=rr)
    tokens = rhythm_tokens(beats, beat_features(beats))
    assert np.isfinite(tokens).all()
    np.testing.assert_array_equal(tokens[[10, 20], ENTRIES.index("pre_rr")], 0)


def test_records_do_not_see_each_other(make_beats):
    rr = np.repeat([0.5, 1.0], 50)[:, None] * np.ones(5)
    both = steady(make_beats, record=np.repeat(["a", "b"], 50), rr=rr)
    tokens = rhythm_tokens(both, beat_features(both))
    np.testing.assert_allclose(column(tokens, "pre_rr_median"), 0, atol=1e-5)


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_around_is_the_quantile_of_the_neighbours_at_every_step(share):
    value = np.random.default_rng(0).normal(size=300)
    value[[7, 100]] = np.nan
    found = around(value, np.full(300, "a"), beats=40, share=share)
    for i in range(0, 300, STEP):
        expected = np.nanquantile(value[max(i - 40, 0) : i + 41], share)
        assert found[i] == pytest.approx(expected, abs=1e-12)
    middle = STEP // 2
    assert found[middle] == pytest.approx((found[0] + found[STEP]) / 2)
