import numpy as np

from arrhythmia.aami import CLASSES
from arrhythmia.evaluation.beat_matching import beat_by_beat, ventricular_flutter_spans

N, S, V, F, Q = range(5)


def counts(sample, symbol, found, classes, fs=100):
    label = np.array([CLASSES.index(name) for name in classes], dtype=int)
    return beat_by_beat(np.array(sample), np.array(list(symbol)), np.array(found), label, fs)


def test_pairs_missed_and_extra():
    table = counts([100, 200, 300, 400], "NVAN", [105, 190, 402, 450], "NNNV")
    assert table[N, N] == 2
    assert table[V, N] == 1
    assert table[S, 5] == 1
    assert table[5, V] == 1
    assert table.sum() == 5


def test_the_window_is_150_ms():
    assert counts([1000], "N", [1015], "N")[N, N] == 1
    assert counts([1000], "N", [1016], "N")[[N, 5], [5, N]].tolist() == [1, 1]


def test_annotations_that_are_no_beats_do_not_count():
    assert counts([90, 100, 110], "+N~", [100], "N").sum() == 1


def test_flutter_is_left_out():
    table = counts([100, 200, 250, 300, 400], "N[N]N", [100, 230, 400], "NVN")
    assert table[N, N] == table.sum() == 2


def test_flutter_without_an_end_lasts():
    spans = ventricular_flutter_spans(np.array([5, 9, 12]), np.array(list("[][")))
    assert spans == [(5, 9), (12, np.iinfo(np.int64).max)]


def test_one_side_empty():
    assert counts([100, 200], "NV", [], "")[[N, V], 5].tolist() == [1, 1]
    assert counts([], "", [7], "S")[5, S] == 1
