import numpy as np
import pytest

from arrhythmia.ecg.rr_intervals import long_run_rr, rr_intervals
from arrhythmia.errors import DataError
from arrhythmia.features.morphology import shape_features
from arrhythmia.features.rhythm import rhythm_features
from arrhythmia.features.table import FEATURES, beat_features, columns_of
from arrhythmia.features.template import template_beat

CAUSAL = {"pre_rr_ratio"}
NEXT_BEAT = {"pre_post_rr_ratio"}

WITH_P_WAVES = {
    "waveform": np.random.default_rng(0).normal(size=(6, 60)).astype(np.float32),
    "r_index": np.array(40),
}
"""Six windows at 125 Hz that begin 0.32 s before the R peak."""


def test_names_and_order_of_the_columns():
    assert (
        *(
            "pre_rr_local",
            "post_rr_local",
            "pre_post_rr_ratio",
            "pre_rr_ratio",
            "pre_rr_global",
            "rr_irregularity",
        ),
        *("qrs_width", "qrs_correlation", "qrs_rmse", "qrs_area_ratio", "p_wave_correlation"),
    ) == FEATURES


def test_columns_are_those_of_rhythm_and_shape(make_beats):
    beats = make_beats([0, 1, 2, 3, 4, 0], record=np.repeat(["a", "b"], 3), **WITH_P_WAVES)
    template = template_beat(beats.waveform, beats.rr[:, 3], beats.record)
    features = beat_features(beats)
    assert features.shape == (6, len(FEATURES))
    assert features.dtype == np.float32
    np.testing.assert_array_equal(features[:, :6], rhythm_features(beats.rr, 4, beats.rr_long))
    np.testing.assert_array_equal(
        features[:, 6:], shape_features(beats.waveform, template, beats.record, 125, 40)
    )
    assert np.isfinite(features).all()


def test_columns_of_names_in_any_order():
    assert columns_of(["qrs_width", "pre_rr_local"]) == [6, 0]
    assert columns_of(list(FEATURES)) == list(range(11))
    assert columns_of([]) == []


def test_an_unknown_feature_is_named():
    message = r"^there is no feature 'qt'; known are pre_rr_local, post_rr_local, .*, p_wave_correlation$"
    with pytest.raises(DataError, match=message):
        columns_of(["pre_rr_local", "qt"])


def test_no_label_is_looked_at(make_beats):
    record = np.repeat(["a", "b"], 10)
    one, other = (make_beats(np.full(20, label), record=record) for label in (0, 2))
    np.testing.assert_array_equal(beat_features(one), beat_features(other))


def test_beats_without_intervals_keep_their_shape(make_beats):
    nothing = {"rr": np.full((6, 5), np.nan, np.float32), "rr_long": np.full(6, np.nan, np.float32)}
    features = beat_features(make_beats([0] * 6, **nothing, **WITH_P_WAVES))
    assert np.isnan(features[:, :6]).all()
    assert np.isfinite(features[:, 6:]).all()


def test_windows_that_begin_after_the_p_wave_lack_that_feature_only(make_beats):
    features = beat_features(make_beats([0] * 6, record=np.repeat(["a", "b"], 3)))
    assert np.isnan(features[:, -1]).all()
    assert np.isfinite(features[:, :-1]).all()


def test_only_what_is_said_to_be_causal_is_unmoved_by_later_beats(make_beats):
    """Beats from the 16th on come sooner, and are spikes."""
    interval = np.random.default_rng(0).integers(200, 400, 29)
    waveform = np.random.default_rng(1).normal(size=(30, 60)).astype(np.float32)

    def features_at(interval, waveform):
        sample = np.cumsum([0, *interval])
        rr = rr_intervals(sample, 360, before=4, after=3)
        rr_long = long_run_rr(sample, 360, beats=3)
        return beat_features(
            make_beats([0] * 30, waveform=waveform, rr=rr, rr_long=rr_long, r_index=np.array(40))
        )

    before = features_at(interval, waveform)[:16]
    interval[15:] //= 2  # from the interval between the 15th and the 16th on
    waveform[16:] = 7 * (np.arange(60) == 40)
    after = features_at(interval, waveform)[:16]
    moved = {name for k, name in enumerate(FEATURES) if changes(before[:, k], after[:, k])}
    assert moved == set(FEATURES) - CAUSAL
    moved_earlier = {name for k, name in enumerate(FEATURES) if changes(before[:15, k], after[:15, k])}
    assert moved_earlier == set(FEATURES) - CAUSAL - NEXT_BEAT


def changes(before, after):
    return not np.array_equal(before, after, equal_nan=True)
