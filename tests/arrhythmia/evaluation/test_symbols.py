import numpy as np

from arrhythmia.aami import LABELS, labels_of
from arrhythmia.evaluation.symbols import symbols_table


def test_each_symbol_has_a_row_with_what_it_was_taken_for():
    symbol = np.array(list("NNNeAAaV"))
    predicted = np.array([0, 0, 1, 1, 1, 0, 2, 2])
    table = symbols_table(symbol, labels_of(symbol), predicted).set_index("symbol")
    assert table.index.tolist() == ["N", "e", "A", "a", "V"]
    assert table["class"].tolist() == ["N", "N", "S", "S", "V"]
    assert table["beats"].tolist() == [3, 1, 2, 1, 1]
    assert table["recall"].tolist() == [2 / 3, 0, 0.5, 0, 1]
    assert table.loc["N", list("NSVFQ")].tolist() == [2, 1, 0, 0, 0]
    assert table.loc["a", list("NSVFQ")].tolist() == [0, 0, 1, 0, 0]


def test_every_symbol_has_a_meaning_and_all_beats_are_counted():
    symbol = np.array(list(LABELS))
    table = symbols_table(symbol, labels_of(symbol), np.zeros(len(symbol), int))
    assert table["symbol"].tolist() == list("NLRejAaJSVEF/fQ")
    assert (table["meaning"] != "").all()
    assert table["meaning"][0] == "Normal beat"
    assert table[list("NSVFQ")].to_numpy().sum() == len(symbol)


def test_without_symbols_there_is_a_row_a_class():
    label = np.array([0, 0, 4])
    table = symbols_table(np.full(3, ""), label, label)
    assert table[["symbol", "class", "beats", "recall"]].to_numpy().tolist() == [
        ["", "N", 2, 1],
        ["", "Q", 1, 1],
    ]
