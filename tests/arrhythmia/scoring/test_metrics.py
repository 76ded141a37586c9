import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from arrhythmia.scoring import metrics

LABELS = arrays(np.int8, st.integers(1, 40), elements=st.integers(0, 4))
COUNTS = arrays(np.int64, (3, 5, 5), elements=st.integers(0, 30))


@st.composite
def two_labellings(draw):
    actual = draw(LABELS)
    return actual, draw(arrays(np.int8, len(actual), elements=st.integers(0, 4)))


def one_hot(label):
    return np.eye(5)[label]


def test_confusion_has_the_actual_class_along_the_rows():
    counts = metrics.confusion(np.array([0, 0, 2], np.int8), np.array([0, 1, 4], np.int8))
    assert counts.dtype == np.int64
    assert counts[0, 0] == counts[0, 1] == counts[2, 4] == 1
    assert counts.sum() == 3


def test_confusion_refuses_a_label_that_is_not_a_class():
    with pytest.raises(ValueError, match="negative"):
        metrics.confusion(np.array([-1]), np.array([0]))


@given(two_labellings())
def test_confusion_agrees_with_sklearn(pair):
    expected = sklearn.metrics.confusion_matrix(*pair, labels=range(5))
    np.testing.assert_array_equal(metrics.confusion(*pair), expected)


def test_confusion_by_record_is_sorted_by_name_and_adds_up():
    actual, predicted = np.array([0, 1, 2, 2]), np.array([0, 0, 2, 1])
    names, counts = metrics.confusion_by_record(actual, predicted, np.array(["b", "a", "b", "a"]))
    assert names.tolist() == ["a", "b"]
    assert counts[1, 0, 0] == counts[1, 2, 2] == 1
    np.testing.assert_array_equal(counts.sum(0), metrics.confusion(actual, predicted))


@given(two_labellings())
def test_f1_agrees_with_sklearn(pair):
    scores = metrics.per_class(metrics.confusion(*pair))
    precision, recall, f1, support = sklearn.metrics.precision_recall_fscore_support(
        *pair, labels=range(5), zero_division=0
    )
    np.testing.assert_allclose(np.nan_to_num(scores["precision"]), precision)
    np.testing.assert_allclose(np.nan_to_num(scores["recall"]), recall)
    np.testing.assert_allclose(scores["f1"], f1)
    np.testing.assert_array_equal(scores["support"], support)


def test_an_absent_class_has_no_recall_and_no_precision_but_f1_zero():
    scores = metrics.per_class(metrics.confusion(np.array([0, 0]), np.array([0, 1])))
    assert np.isnan(scores["recall"][1])
    assert scores["precision"][1] == 0
    assert np.isnan(scores["precision"][2])
    assert scores["f1"].tolist() == pytest.approx([2 / 3, 0, 0, 0, 0])


def test_macro_f1_averages_over_the_named_classes_only():
    counts = np.diag([5, 5, 0, 0, 0])
    counts[4, 0] = 5  # Q taken for N
    assert metrics.macro_f1(counts, "S") == 1
    assert metrics.macro_f1(counts, "NSVF") == pytest.approx((10 / 15 + 1) / 4)


def test_accuracy_without_beats_is_undefined():
    assert np.isnan(metrics.accuracy(np.zeros((5, 5), int)))


@given(two_labellings())
def test_kappa_agrees_with_sklearn_on_the_beats_that_are_not_q(pair):
    actual, predicted = (labels[pair[0] != 4] for labels in pair)
    defined = len({*actual, *predicted}) > 1
    expected = sklearn.metrics.cohen_kappa_score(actual, predicted) if defined else 0
    assert metrics.kappa(metrics.confusion(*pair)) == pytest.approx(expected)


def test_kappa_leaves_its_argument_alone():
    counts = np.ones((5, 5), np.int64)
    metrics.kappa(counts.astype(float))
    float_counts = np.ones((5, 5))
    metrics.kappa(float_counts)
    assert (float_counts == 1).all()


def test_j_index_and_j_kappa_of_a_perfect_classifier():
    counts = np.diag([100, 10, 10, 5, 1])
    assert metrics.j_index(counts) == pytest.approx(4)
    assert metrics.j_kappa(counts) == pytest.approx(1)


def test_j_index_adds_the_ec57_rates_and_takes_undefined_ones_as_zero():
    counts = np.zeros((5, 5), int)
    counts[0, 0], counts[1, 0], counts[2, 2], counts[2, 0], counts[3, 2] = 90, 5, 6, 2, 50
    # S: Se 0/5, +P undefined; V: Se 6/8, +P 6/6 because Fv is not counted.
    assert metrics.j_index(counts) == pytest.approx(0 + 0 + 6 / 8 + 1)
    assert metrics.j_kappa(counts) == pytest.approx(metrics.kappa(counts) / 2 + 1.75 / 8)


@settings(max_examples=20)
@given(COUNTS)
@pytest.mark.parametrize(
    "score", [metrics.accuracy, metrics.kappa, metrics.j_kappa, lambda c: metrics.macro_f1(c, "NSV")]
)
def test_a_stack_scores_as_its_parts(score, counts):
    np.testing.assert_allclose(score(counts), [score(part) for part in counts])


def test_log_loss_of_certain_and_even_guesses():
    assert metrics.log_loss(np.array([0, 3]), one_hot([0, 3])) == pytest.approx(0, abs=1e-12)
    assert metrics.log_loss(np.array([0, 3]), np.full((2, 5), 0.2)) == pytest.approx(np.log(5))
    assert np.isfinite(metrics.log_loss(np.array([0]), one_hot([1])))


def test_log_loss_takes_float32_probabilities_that_do_not_quite_sum_to_one():
    probability = np.array([[0.7, 0.1, 0.1, 0.05, 0.0501]], np.float32)
    expected = -np.log(float(probability[0, 0]) / probability.sum(dtype=float))
    assert metrics.log_loss(np.array([0]), probability) == pytest.approx(expected)


def test_calibration_error_by_hand():
    # Two beats at confidence 0.9, one right (gap 0.4); two at 0.5, both right (gap 0.5).
    probability = np.zeros((4, 5))
    probability[:2, :2], probability[2:, :2] = [0.9, 0.1], [0.5, 0.5]
    bins = metrics.reliability(np.array([0, 1, 0, 0]), probability)
    assert len(bins["beats"]) == 15
    assert bins["beats"][[7, 13]].tolist() == [2, 2]
    assert bins["accuracy"][13] == 0.5
    assert np.isnan(bins["accuracy"][0])
    assert metrics.calibration_error(bins) == pytest.approx((0.4 + 0.5) / 2)


def test_certain_predictions_fall_in_the_last_bin():
    bins = metrics.reliability(np.array([1]), one_hot([1]))
    assert bins["beats"].tolist() == [0] * 14 + [1]
    assert metrics.calibration_error(bins) == 0


@given(arrays(np.float32, (20, 5), elements=st.floats(0.015625, 1, width=32)), st.integers(0, 99))
def test_every_beat_is_in_one_bin_and_the_error_is_a_share(raw, seed):
    probability = raw / raw.sum(axis=1, keepdims=True)
    bins = metrics.reliability(np.random.default_rng(seed).integers(0, 5, 20), probability)
    inside = bins["beats"] > 0
    assert bins["beats"].sum() == 20
    assert (bins["confidence"][inside] > bins["low"][inside]).all()
    assert (bins["confidence"][inside] <= bins["high"][inside] + 1e-12).all()
    assert 0 <= metrics.calibration_error(bins) <= 1


def test_risk_coverage_by_hand():
    confidence = np.array([0.9, 0.6, 0.8, 0.7])
    probability = np.stack([confidence, 1 - confidence, *np.zeros((3, 4))], axis=1)  # all taken for N
    curve = metrics.risk_coverage(np.array([0, 1, 0, 2]), probability, np.array([0, 0.25, 0.5, 1]))
    assert curve["rejected"].tolist() == [0, 0.25, 0.5, 1]
    np.testing.assert_allclose(curve["error"], [2 / 4, 1 / 3, 0, np.nan])
    # N alone is ever found: F1 of N is 2 * 2 / (2 + kept), of S and V 0.
    np.testing.assert_allclose(curve["macro_f1_nsv"], [4 / 6 / 3, 4 / 5 / 3, 1 / 3, np.nan])


def test_of_equally_certain_beats_the_later_ones_go_first():
    label = np.array([0] * 60 + [1] * 40)
    error = metrics.risk_coverage(label, np.tile([0.6, 0.4, 0, 0, 0], (100, 1)), np.array([0, 0.4, 0.5]))[
        "error"
    ]
    np.testing.assert_allclose(error, [0.4, 0, 0], atol=1e-12)


@given(arrays(np.float64, (30, 5), elements=st.floats(0.01, 1)), st.integers(0, 99))
def test_risk_coverage_starts_with_the_plain_scores_and_has_at_most_101_rows(raw, seed):
    label = np.random.default_rng(seed).integers(0, 5, 30)
    curve = metrics.risk_coverage(label, raw / raw.sum(axis=1, keepdims=True))
    counts = metrics.confusion(label, raw.argmax(axis=1))
    assert curve["error"][0] == pytest.approx(1 - metrics.accuracy(counts))
    assert curve["macro_f1_nsv"][0] == pytest.approx(metrics.macro_f1(counts, "NSV"))
    assert {len(values) for values in curve.values()} == {101}
    assert (curve["rejected"][0], curve["rejected"][-1]) == (0, 0.5)
