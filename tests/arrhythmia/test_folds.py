import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from arrhythmia.aami import DS1
from arrhythmia.errors import DataError
from arrhythmia.folds import folds_by_beat, folds_by_record


@given(
    each=st.lists(st.integers(4, 30), min_size=5, max_size=5),
    folds=st.integers(2, 4),
    seed=st.integers(0, 9),
)
def test_folds_of_beats_hold_the_same_share_of_every_class(each, folds, seed):
    label = np.repeat(range(5), each)
    fold = folds_by_beat(label, folds=folds, seed=seed)
    assert fold.dtype == np.int8
    assert set(fold) == set(range(folds))
    for name, beats in enumerate(each):
        held_out = np.bincount(fold[label == name], minlength=folds)
        assert held_out.sum() == beats
        assert np.ptp(held_out) <= 1


def test_the_seed_draws_the_folds_of_beats():
    label = np.tile(range(5), 20)
    one, same, other = (folds_by_beat(label, folds=5, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


@given(data=st.data(), folds=st.integers(2, 4))
def test_a_record_is_in_one_fold(data, folds):
    beats = data.draw(st.lists(st.integers(1, 12), min_size=folds, max_size=9))
    record = np.repeat([f"r{number}" for number in range(len(beats))], beats)
    label = np.array(data.draw(st.lists(st.integers(0, 1), min_size=len(record), max_size=len(record))))
    assume(np.unique(label, return_counts=True)[1].min() >= folds)
    fold = folds_by_record(label, record, folds=folds)
    assert fold.shape == label.shape
    assert fold.dtype == np.int8
    assert set(fold) <= set(range(folds))
    assert all(len(set(fold[record == name])) == 1 for name in record)


def test_rare_classes_are_spread():
    """Three of nine records carry S, in other numbers: each fold of three gets one of them."""
    record = np.repeat([f"r{number}" for number in range(9)], 100)
    label = np.zeros(900, dtype=np.int8)
    for place, beats in ((0, 40), (100, 30), (200, 50)):
        label[place : place + beats] = 1
    fold = folds_by_record(label, record, folds=3)
    assert (np.bincount(fold[label == 1], minlength=3) >= 30).all()
    np.testing.assert_array_equal(np.bincount(fold), [300, 300, 300])


def test_the_order_of_the_beats_of_a_record_does_not_matter():
    record = np.repeat(list("abcdef"), 10)
    label = np.tile([0, 0, 0, 1, 2], 12)
    order = np.random.default_rng(0).permutation(60)
    fold = folds_by_record(label, record, folds=3)
    np.testing.assert_array_equal(folds_by_record(label[order], record[order], folds=3), fold[order])


@pytest.mark.parametrize("folds", [1, 0, -3, 11])
def test_an_impossible_number_of_folds_of_beats(folds):
    with pytest.raises(
        DataError, match=rf"^params\.yaml: split\.folds is {folds}; use 2 to 10, .* of beats$"
    ):
        folds_by_beat(np.zeros(10, dtype=int), folds=folds, seed=0)


@pytest.mark.parametrize("folds", [1, 4])
def test_an_impossible_number_of_folds_of_records(folds):
    label, record = np.zeros(9, dtype=int), np.repeat(list("abc"), 3)
    with pytest.raises(
        DataError,
        match=rf"^params\.yaml: split\.folds is {folds}; use 2 to 3, the number of training records$",
    ):
        folds_by_record(label, record, folds=folds)


def test_each_fold_of_the_real_training_records_has_s_and_v(real_beats):
    beats = real_beats["centred"]
    inside = np.isin(beats.record, DS1)
    label = beats.label[inside]
    fold = folds_by_record(label, beats.record[inside], folds=5)
    for number in range(5):
        held_out = np.bincount(label[fold == number], minlength=5)
        assert held_out[1] >= 50
        assert held_out[2] >= 200
