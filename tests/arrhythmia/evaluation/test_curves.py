import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrhythmia.evaluation import curves

RNG_LABEL = np.random.default_rng(0).integers(0, 3, 3000)


def guesses(label, seed=0):
    probability = np.random.default_rng(seed).dirichlet(np.ones(5), len(label))
    probability[np.arange(len(label)), label] += 0.5
    return probability / 1.5


def test_classes_without_beats_have_no_curve():
    found = curves.roc(RNG_LABEL, guesses(RNG_LABEL))
    assert [curve.name for curve in found] == ["N", "S", "V"]


def test_a_single_class_has_no_curve_at_all():
    label = np.zeros(4, int)
    assert curves.roc(label, guesses(label)) == curves.precision_recall(label, guesses(label)) == []


def test_perfect_scores_have_area_one():
    label = np.array([0, 1, 2, 0, 1, 2])
    probability = np.eye(5)[label]
    for curve in curves.roc(label, probability) + curves.precision_recall(label, probability):
        assert curve.area == pytest.approx(1)
        assert curve.y.max() == 1


@pytest.mark.parametrize("draw", [curves.roc, curves.precision_recall])
def test_curves_are_short_run_from_end_to_end_and_keep_their_area(draw):
    for curve in draw(RNG_LABEL, guesses(RNG_LABEL)):
        assert 20 < len(curve.x) <= curves.POINTS
        assert (curve.x[0], curve.x[-1]) == (0, 1)
        assert (np.diff(curve.x) >= 0).all()
        assert np.trapezoid(curve.y, curve.x) == pytest.approx(curve.area, abs=0.01)


@given(st.lists(st.integers(0, 50), min_size=2, max_size=300), st.integers(2, 40))
def test_thinning_keeps_both_ends_the_order_and_real_points(steps, points):
    x = np.cumsum(steps) / 50
    kept_x, kept_y = curves.thin(x, -x, points)
    assert len(kept_x) <= points
    assert (kept_x[0], kept_x[-1]) == (x[0], x[-1])
    assert np.isin(kept_x, x).all()
    np.testing.assert_array_equal(kept_y, -kept_x)


def test_table_has_a_row_a_point():
    curve = curves.Curve("S", np.array([0.0, 1.0]), np.array([1.0, 0.5]), 0.7)
    table = curves.table([curve, curve], x="recall", y="precision")
    assert table.columns.tolist() == ["class", "recall", "precision"]
    assert table.iloc[1].tolist() == ["S", 1.0, 0.5]
    assert len(table) == 4
    assert len(curves.table([], x="fpr", y="tpr")) == 0
