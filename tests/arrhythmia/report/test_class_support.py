import numpy as np

from arrhythmia.report.class_support import carriers_table, sides_table


def split_beats(make_beats):
    """Twelve beats: rows 0 to 6 train, the others test."""
    label = [0, 1, 3, 3, 3, 3, 0, 0, 1, 1, 1, 2]
    record = [*"aaaab", *"cc", *"dddee"]
    split = {"train": np.arange(7), "test": np.arange(7, 12)}
    return make_beats(label, record=np.array(record)), split


def test_sides_are_counted(make_beats):
    table = sides_table(*split_beats(make_beats))
    assert table.to_numpy().tolist() == [
        ["train", 3, 7, 2, 1, 0, 4, 0],
        ["test", 2, 5, 1, 3, 1, 0, 0],
    ]


def test_unknown_records_are_not_counted(make_beats):
    beats = make_beats([0, 1], record=np.array(["", "100"]))
    table = sides_table(beats, {"train": np.array([0]), "test": np.array([1])})
    assert table["records"].tolist() == [0, 1]


def test_carriers_of_the_rare_classes_in_training_and_test(make_beats):
    table = carriers_table(*split_beats(make_beats)).set_index("class")
    assert table.index.tolist() == list("SVFQ")
    assert table.loc["S"].tolist() == [1, 1, "a", 1, 3, 2, "d", 2 / 3]
    assert table.loc["F"].tolist()[:4] == [4, 3, "a", 0.5]
    assert table.loc["F", ["test_beats", "test_records", "test_most"]].tolist() == [0, 0, ""]
    assert np.isnan(table.loc["Q", "train_share"])
