import numpy as np
import pytest

from arrhythmia.evaluation.tables import records_table


def test_records_table_by_hand():
    counts = np.zeros((2, 5, 5), np.int64)
    counts[0, 0, 0], counts[0, 1, 1], counts[0, 1, 0], counts[0, 3, 2] = 6, 1, 1, 2
    counts[1, 2, 2] = 4
    table = records_table(np.array(["100", "101"]), counts).set_index("record")
    assert table.loc["100", ["beats", "N", "S", "V", "F", "Q"]].tolist() == [10, 6, 2, 0, 2, 0]
    assert table.loc["100", "accuracy"] == 0.7
    assert table.loc["100", ["S_sensitivity", "S_positive_predictivity"]].tolist() == [0.5, 1]
    assert table.loc["100", "S_f1"] == pytest.approx(2 / 3)
    assert np.isnan(table.loc["100", "V_positive_predictivity"])  # Fv is not counted
    assert np.isnan(table.loc["100", "V_f1"])
    assert table.loc["101", "V_f1"] == 1
