import numpy as np
import pytest

from arrhythmia.errors import DataError
from arrhythmia.features import FEATURES, beat_features, columns_of
from arrhythmia.morphology import reference_beat, shape_features
from arrhythmia.rhythm import rhythm_features

CAUSAL = {"early", "onset", "long_run", "irregularity"}
NEXT_BEAT = {"wait", "pause"}


def features_of(beats):
    return beat_features(beats, reference_beat(beats.waveform, beats.rr[:, 3], beats.record))


def test_names_and_order_of_the_columns():
    assert (
        *("early", "wait", "pause", "onset", "long_run", "irregularity"),
        *("width", "similarity", "residual", "area"),
    ) == FEATURES


def test_columns_are_those_of_rhythm_and_shape(make_beats):
    beats = make_beats([0, 1, 2, 3, 4, 0], record=np.repeat(["a", "b"], 3))
    reference = reference_beat(beats.waveform, beats.rr[:, 3], beats.record)
    features = beat_features(beats, reference)
    assert features.shape == (6, len(FEATURES))
    assert features.dtype == np.float32
    np.testing.assert_array_equal(features[:, :6], rhythm_features(beats.rr, 4, beats.rr_long))
    np.testing.assert_array_equal(
        features[:, 6:], shape_features(beats.waveform, reference, beats.record, 125, 8)
    )


def test_columns_of_names_in_any_order():
    assert columns_of(["width", "early"]) == [6, 0]
    assert columns_of(list(FEATURES)) == list(range(10))
    assert columns_of([]) == []


def test_an_unknown_feature_is_named():
    message = r"^params\.yaml: normalize\.features has 'qt'; known are early, wait, .*, area$"
    with pytest.raises(DataError, match=message):
        columns_of(["early", "qt"])


def test_no_label_is_looked_at(make_beats):
    record = np.repeat(["a", "b"], 10)
    one, other = (make_beats(np.full(20, label), record=record) for label in (0, 2))
    np.testing.assert_array_equal(features_of(one), features_of(other))


def test_beats_without_intervals_keep_their_shape(make_beats):
    nothing = {"rr": np.full((6, 5), np.nan, np.float32), "rr_long": np.full(6, np.nan, np.float32)}
    features = features_of(make_beats([0] * 6, **nothing))
    assert np.isnan(features[:, :6]).all()
    assert np.isfinite(features[:, 6:]).all()


def test_only_what_is_said_to_be_causal_is_unmoved_by_later_beats(make_beats):
    beats = make_beats([0] * 30)
    waveform = beats.waveform.copy()
    waveform[16:] *= 7
    waveform[16:, ::2] += 1
    rr = beats.rr.copy()
    rr[15, -1] *= 2  # the interval that follows the last beat that is compared
    rr[16:] *= 0.5
    changed = make_beats([0] * 30, waveform=waveform, rr=rr)
    before, after = features_of(beats)[:16], features_of(changed)[:16]
    moved = {name for k, name in enumerate(FEATURES) if (before[:, k] != after[:, k]).any()}
    assert moved == set(FEATURES) - CAUSAL
    moved_earlier = {name for k, name in enumerate(FEATURES) if (before[:15, k] != after[:15, k]).any()}
    assert moved_earlier == set(FEATURES) - CAUSAL - NEXT_BEAT
