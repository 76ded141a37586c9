import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from arrhythmia.aami import DS1, DS2, PACED, SYNTHETIC_DS1, SYNTHETIC_DS2, SYNTHETIC_RECORDS
from arrhythmia.errors import DataError
from arrhythmia.kaggle_fold import load_test_fold
from arrhythmia.splits import Split, check_records, check_rows, inter_patient, intra_patient

NO_FOLD = pd.DataFrame({"record": [], "annotation": []})
KNOBS = {"val_fraction": 0.25, "test_fraction": 0.2, "seed": 0}
SIDES = ("train", "val", "test")


def split_of(train=(0, 1, 2, 3, 4), val=(5,), test=(6,)):
    return Split(*(np.array(rows, dtype=np.int32) for rows in (train, val, test)))


@pytest.fixture(scope="module")
def synthetic(make_beats):
    """Ten beats of each class in each of the synthetic records."""
    return make_beats(
        np.tile(np.repeat(range(5), 10), len(SYNTHETIC_RECORDS)), record=np.repeat(SYNTHETIC_RECORDS, 50)
    )


def assert_disjoint_and_ascending(split):
    rows = np.concatenate([getattr(split, side) for side in SIDES])
    assert len(set(rows.tolist())) == len(rows)
    for side in SIDES:
        assert getattr(split, side).dtype == np.int32
        assert (np.diff(getattr(split, side)) > 0).all()


def test_check_rows_passes_a_sound_split():
    check_rows(split_of(), np.array([0, 1, 2, 3, 4, 0, 0]))


@pytest.mark.parametrize(
    "leaking",
    [
        {"val": (5, 3)},
        {"test": (6, 3)},
        {"val": (3, 5), "test": (3, 6)},
        {"val": (5, 7), "test": (6, 7)},
    ],
)
def test_check_rows_refuses_a_shared_row(leaking):
    row = 7 if 7 in leaking.get("val", ()) else 3
    with pytest.raises(DataError, match=rf"^split: 1 beats are on two sides, the first is row {row}$"):
        check_rows(split_of(**leaking), np.array([0, 1, 2, 3, 4, 0, 0, 0]))


def test_check_rows_refuses_a_class_absent_from_train():
    with pytest.raises(DataError, match=r"^split: no beat of class S, Q in train; "):
        check_rows(split_of(), np.array([0, 0, 2, 3, 2, 1, 4]))


@pytest.mark.parametrize("side", SIDES)
def test_check_rows_refuses_a_row_that_is_twice_on_one_side(side):
    rows = {"train": (0, 1, 2, 3, 4), "val": (5,), "test": (6,)}
    rows[side] += rows[side][-1:]
    with pytest.raises(DataError, match="on two sides"):
        check_rows(split_of(**rows), np.array([0, 1, 2, 3, 4, 0, 0]))


def test_check_records_passes_a_sound_split():
    check_records(split_of((0, 1), (2,), (3,)), np.array(["a", "a", "b", "c"]))


@pytest.mark.parametrize("record", [["a", "b", "b", "c"], ["a", "b", "c", "b"], ["a", "a", "b", "b"]])
def test_check_records_refuses_a_shared_record(record):
    shared = next(name for name in record if record.count(name) > 1 and name == "b")
    with pytest.raises(DataError, match=rf"^split: records {shared} are on two sides of the inter-patient"):
        check_records(split_of((0, 1), (2,), (3,)), np.array(record))


@given(
    label=st.lists(st.integers(0, 4), min_size=40, max_size=200),
    val_fraction=st.floats(0.2, 0.5),
    test_fraction=st.floats(0.2, 0.5),
    seed=st.integers(0, 99),
    data=st.data(),
)
def test_intra_patient_is_disjoint_and_covers(make_beats, label, val_fraction, test_fraction, seed, data):
    in_kaggle = np.array(data.draw(st.lists(st.booleans(), min_size=len(label), max_size=len(label))))
    assume(np.bincount(np.array(label)[in_kaggle], minlength=5).min() >= 4)  # some for each side
    beats = make_beats(label, kaggle=in_kaggle)
    knobs = {"val_fraction": val_fraction, "test_fraction": test_fraction, "seed": seed}
    split = intra_patient(beats, NO_FOLD, **knobs)
    assert_disjoint_and_ascending(split)
    check_rows(split, beats.label)
    assert sorted([*split.train, *split.val, *split.test]) == np.flatnonzero(in_kaggle).tolist()
    assert len(split.test) == np.ceil(in_kaggle.sum() * test_fraction)


def test_intra_patient_is_stratified(synthetic):
    split = intra_patient(synthetic, NO_FOLD, **KNOBS)
    for side, expected in (("train", 96), ("val", 32), ("test", 32)):
        np.testing.assert_array_equal(np.bincount(synthetic.label[getattr(split, side)]), [expected] * 5)


def test_seed_decides(synthetic):
    one, same, other = (intra_patient(synthetic, NO_FOLD, **{**KNOBS, "seed": seed}) for seed in (0, 0, 1))
    for side in SIDES:
        np.testing.assert_array_equal(getattr(one, side), getattr(same, side))
    assert set(one.test) != set(other.test)


@pytest.mark.parametrize("source", ["physionet", "kaggle"])
def test_intra_patient_tests_on_the_kaggle_fold(make_beats, source):
    """And the beat that the Kaggle files do not hold is on no side."""
    label = np.tile(range(5), 10)
    in_kaggle = np.arange(50) != 49
    beats = make_beats(label, source=np.array(source), kaggle=in_kaggle)
    fold = pd.DataFrame({"record": ["s01"] * 6, "annotation": [40, 3, 17, 8, 22, 10]})
    split = intra_patient(beats, fold, **KNOBS)
    np.testing.assert_array_equal(split.test, [3, 8, 10, 17, 22, 40])
    assert_disjoint_and_ascending(split)
    assert len(split.train) + len(split.val) == 43
    assert 49 not in {*split.train, *split.val}


def test_fold_that_is_not_in_the_recordings(make_beats):
    fold = pd.DataFrame({"record": ["s01", "s99"], "annotation": [3, 3]})
    with pytest.raises(DataError, match=r"^only 1 of the 2 Kaggle test beats are in data/beats\.npz; run "):
        intra_patient(make_beats([0] * 9, source=np.array("physionet")), fold, **KNOBS)


def test_inter_patient_divides_the_records(synthetic):
    split = inter_patient(synthetic, val_fraction=0.2)
    assert_disjoint_and_ascending(split)
    check_rows(split, synthetic.label)
    check_records(split, synthetic.record)
    train, val, test = (set(synthetic.record[getattr(split, side)]) for side in SIDES)
    assert train | val == set(SYNTHETIC_DS1)
    assert test == set(SYNTHETIC_DS2)
    assert val


@given(data=st.data())
def test_inter_patient_never_shares_a_record(make_beats, data):
    n = data.draw(st.integers(60, 150))
    record = data.draw(st.lists(st.sampled_from(SYNTHETIC_RECORDS), min_size=n, max_size=n).map(np.array))
    label = np.arange(n) % 5
    inside = np.isin(record, SYNTHETIC_DS1)
    assume(len(set(record[inside])) >= 4)
    assume(np.bincount(label[inside], minlength=5).min() >= 4)
    beats = make_beats(label, record=record)
    split = inter_patient(beats, val_fraction=0.25)
    assert_disjoint_and_ascending(split)
    check_records(split, beats.record)
    np.testing.assert_array_equal(np.sort([*split.train, *split.val]), np.flatnonzero(inside))
    np.testing.assert_array_equal(split.test, np.flatnonzero(np.isin(record, SYNTHETIC_DS2)))


def test_inter_patient_needs_records(make_beats):
    with pytest.raises(DataError, match=r"^download\.source=kaggle does not tell patients apart"):
        inter_patient(make_beats([0, 1], source=np.array("kaggle")), val_fraction=0.2)


def test_real_intra_patient_split(real_beats):
    """Rows and class counts of the two Kaggle files."""
    for beats in real_beats.values():
        split = intra_patient(beats, load_test_fold(), val_fraction=0.2, test_fraction=0.2, seed=0)
        assert_disjoint_and_ascending(split)
        rest = np.concatenate([split.train, split.val])
        np.testing.assert_array_equal(np.bincount(beats.label[split.test]), [18118, 556, 1448, 162, 1608])
        np.testing.assert_array_equal(np.bincount(beats.label[rest]), [72471, 2223, 5788, 641, 6431])
        share = np.bincount(beats.label[split.val]) / np.bincount(beats.label[rest])
        np.testing.assert_allclose(share, 0.2, atol=0.002)


def test_real_inter_patient_split(real_beats):
    beats = real_beats["centred"]
    split = inter_patient(beats, val_fraction=0.2)
    check_rows(split, beats.label)
    check_records(split, beats.record)
    train, val, test = (getattr(split, side) for side in SIDES)
    assert set(beats.record[test]) == set(DS2)
    assert set(beats.record[train]) | set(beats.record[val]) == set(DS1)
    assert not set(beats.record[np.concatenate([train, val, test])]) & set(PACED)
    np.testing.assert_array_equal(
        np.bincount(beats.label[np.concatenate([train, val])]), [45866, 944, 3788, 415, 8]
    )
    np.testing.assert_array_equal(np.bincount(beats.label[test]), [44259, 1837, 3221, 388, 7])
    share = np.bincount(beats.label[val], minlength=5) / [45866, 944, 3788, 415, 8]
    assert (share[:3] > 0.1).all(), "few patients carry S and V, and some must be among those of val"
    assert share[3] > 0
