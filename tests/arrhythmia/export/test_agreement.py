import numpy as np
import pytest

from arrhythmia.export.agreement import agreement, macro_f1_change

LABEL = np.array([0, 1, 2, 3])
EXPECTED = np.eye(5)[LABEL]


def test_it_counts_decisions_and_scores():
    answer = np.eye(5)[[0, 1, 2, 0]]
    assert agreement(EXPECTED, answer) == {"equal_decisions": 0.75, "largest_difference": 1.0}
    change = macro_f1_change(LABEL, EXPECTED, answer, "NSVF")
    assert change == pytest.approx((2 / 3 + 1 + 1) / 4 - 1, abs=1e-5)


def test_equal_answers_agree():
    assert agreement(EXPECTED, EXPECTED) == {"equal_decisions": 1.0, "largest_difference": 0.0}
    assert macro_f1_change(LABEL, EXPECTED, EXPECTED, "NSVF") == 0.0
