import numpy as np
import pytest

from arrhythmia.export.agreement import agreement

LABEL = np.array([0, 1, 2, 3])
EXPECTED = np.eye(5)[LABEL]


def test_it_counts_decisions_and_scores():
    found = agreement(LABEL, EXPECTED, np.eye(5)[[0, 1, 2, 0]], "NSVF")
    assert found["equal_decisions"] == 0.75
    assert found["largest_difference"] == 1.0
    assert found["macro_f1_change"] == pytest.approx((2 / 3 + 1 + 1) / 4 - 1, abs=1e-5)


def test_equal_answers_agree():
    found = agreement(LABEL, EXPECTED, EXPECTED, "NSVF")
    assert found == {"equal_decisions": 1.0, "macro_f1_change": 0.0, "largest_difference": 0.0}
