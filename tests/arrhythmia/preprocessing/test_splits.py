import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from arrhythmia.aami import DS1, DS2, PACED, SYNTHETIC_DS1, SYNTHETIC_DS2, SYNTHETIC_RECORDS
from arrhythmia.datasets.kaggle import load_test_fold
from arrhythmia.errors import DataError
from arrhythmia.preprocessing.splits import (
    Split,
    all_patients,
    check_records,
    check_rows,
    folds_by_beat,
    folds_by_record,
    inter_patient,
    intra_patient,
)

NO_FOLD = pd.DataFrame({"record": [], "annotation": []})
SETTINGS = {"folds": 4, "test_fraction": 0.2, "seed": 0}
SIDES = ("train", "test")


def split_of(train=(0, 1, 2, 3, 4), fold=(0, 1, 0, 1, 0), test=(5, 6)):
    return Split(np.int32(train), np.int8(fold), np.int32(test))


@pytest.fixture(scope="module")
def synthetic(make_beats):
    """Ten beats of each class in each of the synthetic records."""
    return make_beats(
        np.tile(np.repeat(range(5), 10), len(SYNTHETIC_RECORDS)), record=np.repeat(SYNTHETIC_RECORDS, 50)
    )


def assert_sound(split, folds):
    """Rows are disjoint and ascending, and each training row is in one of the folds."""
    assert not set(split.train) & set(split.test)
    for side in SIDES:
        assert getattr(split, side).dtype == np.int32
        assert (np.diff(getattr(split, side)) > 0).all()
    assert split.fold.shape == split.train.shape
    assert split.fold.dtype == np.int8
    assert set(split.fold) == set(range(folds))


def test_check_rows_passes_a_sound_split():
    check_rows(split_of(), np.array([0, 1, 2, 3, 4, 0, 0]))


@pytest.mark.parametrize("row", [0, 3])
def test_check_rows_refuses_a_shared_row(row):
    with pytest.raises(DataError, match=rf"^split: 1 beats are on two sides, the first is row {row}$"):
        check_rows(split_of(test=(row, 5, 6)), np.array([0, 1, 2, 3, 4, 0, 0]))


@pytest.mark.parametrize("sides", [{"train": (0, 1, 2, 3, 4, 4)}, {"test": (5, 5)}])
def test_check_rows_refuses_a_row_that_is_twice_on_one_side(sides):
    with pytest.raises(DataError, match="on two sides"):
        check_rows(split_of(**sides), np.array([0, 1, 2, 3, 4, 0, 0]))


def test_check_rows_refuses_a_class_absent_from_train():
    with pytest.raises(DataError, match=r"^split: no beat of class S, Q in train; "):
        check_rows(split_of(), np.array([0, 0, 2, 3, 2, 1, 4]))


def test_check_records_passes_a_sound_split():
    check_records(split_of((0, 1, 2), (0, 0, 1), (3,)), np.array(["a", "a", "b", "c"]))


@pytest.mark.parametrize("record", [["a", "b", "c", "b"], ["a", "b", "c", "a"], ["a", "c", "b", "c"]])
def test_check_records_refuses_a_shared_record(record):
    message = rf"^split: records {record[3]} are on two sides of the inter-patient split$"
    with pytest.raises(DataError, match=message):
        check_records(split_of((0, 1, 2), (0, 1, 2), (3,)), np.array(record))


def test_check_records_refuses_a_record_in_two_folds():
    record = np.array(["a", "b", "b", "c", "c", "d"])
    with pytest.raises(DataError, match=r"^split: records b, c are in two folds$"):
        check_records(split_of((0, 1, 2, 3, 4), (0, 0, 1, 1, 2), (5,)), record)


@given(
    label=st.lists(st.integers(0, 4), min_size=60, max_size=200),
    folds=st.integers(2, 4),
    test_fraction=st.floats(0.2, 0.5),
    seed=st.integers(0, 99),
    data=st.data(),
)
def test_intra_patient_is_disjoint_and_covers(make_beats, label, folds, test_fraction, seed, data):
    in_kaggle = np.array(data.draw(st.lists(st.booleans(), min_size=len(label), max_size=len(label))))
    assume(np.bincount(np.array(label)[in_kaggle], minlength=5).min() >= 2 * folds)  # some in each fold
    beats = make_beats(label, kaggle=in_kaggle)
    split = intra_patient(beats, NO_FOLD, folds=folds, test_fraction=test_fraction, seed=seed)
    assert_sound(split, folds)
    check_rows(split, beats.label)
    assert sorted([*split.train, *split.test]) == np.flatnonzero(in_kaggle).tolist()
    assert len(split.test) == np.ceil(in_kaggle.sum() * test_fraction)


def test_intra_patient_is_stratified(synthetic):
    split = intra_patient(synthetic, NO_FOLD, **SETTINGS)
    np.testing.assert_array_equal(np.bincount(synthetic.label[split.test]), [32] * 5)
    for fold in range(4):
        held_out = synthetic.label[split.train[split.fold == fold]]
        np.testing.assert_array_equal(np.bincount(held_out), [32] * 5)


def test_seed_decides(synthetic):
    one, same, other = (intra_patient(synthetic, NO_FOLD, **{**SETTINGS, "seed": seed}) for seed in (0, 0, 1))
    for name in ("train", "fold", "test"):
        np.testing.assert_array_equal(getattr(one, name), getattr(same, name))
    assert set(one.test) != set(other.test)


@pytest.mark.parametrize("source", ["physionet", "kaggle"])
def test_intra_patient_tests_on_the_kaggle_fold(make_beats, source):
    """And the beat that the Kaggle files do not hold is on no side."""
    label = np.tile(range(5), 10)
    in_kaggle = np.arange(50) != 49
    beats = make_beats(label, source=np.array(source), kaggle=in_kaggle)
    fold = pd.DataFrame({"record": ["s01"] * 6, "annotation": [40, 3, 17, 8, 22, 10]})
    split = intra_patient(beats, fold, **SETTINGS)
    np.testing.assert_array_equal(split.test, [3, 8, 10, 17, 22, 40])
    assert_sound(split, 4)
    assert len(split.train) == 43
    assert 49 not in split.train


def test_fold_that_is_not_in_the_recordings(make_beats):
    fold = pd.DataFrame({"record": ["s01", "s99"], "annotation": [3, 3]})
    with pytest.raises(DataError, match=r"^only 1 of the 2 Kaggle test beats are in data/beats\.npz; run "):
        intra_patient(make_beats([0] * 9, source=np.array("physionet")), fold, **SETTINGS)


def test_inter_patient_divides_the_records(synthetic):
    split = inter_patient(synthetic, folds=3)
    assert_sound(split, 3)
    check_rows(split, synthetic.label)
    check_records(split, synthetic.record)
    train, test = (set(synthetic.record[getattr(split, side)]) for side in SIDES)
    assert train == set(SYNTHETIC_DS1)
    assert test == set(SYNTHETIC_DS2)


@given(data=st.data())
def test_inter_patient_never_shares_a_record(make_beats, data):
    n = data.draw(st.integers(60, 150))
    record = data.draw(st.lists(st.sampled_from(SYNTHETIC_RECORDS), min_size=n, max_size=n).map(np.array))
    label = np.arange(n) % 5
    inside = np.isin(record, SYNTHETIC_DS1)
    assume(len(set(record[inside])) >= 4)
    assume(np.bincount(label[inside], minlength=5).min() >= 4)
    beats = make_beats(label, record=record)
    split = inter_patient(beats, folds=3)
    check_records(split, beats.record)
    np.testing.assert_array_equal(split.train, np.flatnonzero(inside))
    np.testing.assert_array_equal(split.test, np.flatnonzero(np.isin(record, SYNTHETIC_DS2)))


def test_inter_patient_needs_records(make_beats):
    with pytest.raises(DataError, match=r"^download\.source=kaggle does not tell patients apart"):
        inter_patient(make_beats([0, 1], source=np.array("kaggle")), folds=2)


def test_real_intra_patient_split(real_beats):
    """Rows and class counts of the two Kaggle files."""
    expected = np.array([72471, 2223, 5788, 641, 6431])
    for beats in real_beats.values():
        split = intra_patient(beats, load_test_fold(), folds=5, test_fraction=0.2, seed=0)
        assert_sound(split, 5)
        np.testing.assert_array_equal(np.bincount(beats.label[split.test]), [18118, 556, 1448, 162, 1608])
        np.testing.assert_array_equal(np.bincount(beats.label[split.train]), expected)
        for fold in range(5):
            held_out = np.bincount(beats.label[split.train[split.fold == fold]])
            np.testing.assert_allclose(held_out, expected / 5, atol=1)


def test_real_inter_patient_split(real_beats):
    beats = real_beats["centred"]
    split = inter_patient(beats, folds=5)
    assert_sound(split, 5)
    check_rows(split, beats.label)
    check_records(split, beats.record)
    assert set(beats.record[split.train]) == set(DS1)
    assert set(beats.record[split.test]) == set(DS2)
    assert not set(beats.record[[*split.train, *split.test]]) & set(PACED)
    np.testing.assert_array_equal(np.bincount(beats.label[split.train]), [45866, 944, 3788, 415, 8])
    np.testing.assert_array_equal(np.bincount(beats.label[split.test]), [44259, 1837, 3221, 388, 7])
    table = np.array(
        [np.bincount(beats.label[split.train[split.fold == fold]], minlength=5) for fold in range(5)]
    )
    share = table[:, :3] / table[:, :3].sum(axis=0)
    assert (share > 0.04).all(), "few patients carry S and V, and some must be among those held out"


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
    with pytest.raises(DataError, match=rf"^split\.folds is {folds}; use 2 to 10, .* of beats$"):
        folds_by_beat(np.zeros(10, dtype=int), folds=folds, seed=0)


@pytest.mark.parametrize("folds", [1, 4])
def test_an_impossible_number_of_folds_of_records(folds):
    label, record = np.zeros(9, dtype=int), np.repeat(list("abc"), 3)
    with pytest.raises(
        DataError,
        match=rf"^split\.folds is {folds}; use 2 to 3, the number of training records$",
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


def test_all_patients_keeps_the_two_records_of_one_patient_together(real_beats):
    beats = real_beats["centred"]
    made = all_patients(beats, folds=5)
    np.testing.assert_array_equal(made.train, np.arange(len(beats)))
    np.testing.assert_array_equal(made.test, made.train)
    assert set(made.fold) == set(range(5))
    folds = {name: set(made.fold[beats.record == name]) for name in np.unique(beats.record)}
    assert all(len(of) == 1 for of in folds.values())
    assert folds["201"] == folds["202"]
    assert {next(iter(folds[name])) for name in PACED} > {0}  # paced patients in more than one fold
    check_rows(made, beats.label, out_of_fold=True)
    check_records(made, beats.record, out_of_fold=True)


def test_all_patients_needs_patients(make_beats):
    with pytest.raises(DataError, match="does not tell patients apart, so all_patients cannot be run"):
        all_patients(make_beats(np.arange(5), source=np.array("kaggle")), folds=2)
