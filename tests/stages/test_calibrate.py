import numpy as np
import pytest

from arrhythmia.training.calibration import fit_temperature
from stages.calibrate import out_of_fold, pooled


@pytest.fixture
def answers():
    """What two networks say of beats in three folds: mostly right, and surer from fold to fold."""
    rng = np.random.default_rng(0)
    label, fold = rng.integers(0, 5, 900), np.repeat([0, 1, 2], 300)
    logits = rng.normal(size=(900, 5)) + 2.0 * np.eye(5)[label]
    rhythm = rng.dirichlet(np.ones(5), 900) + np.eye(5)[label]
    return logits * (1 + 3 * fold)[:, None], rhythm / rhythm.sum(axis=1, keepdims=True), label, fold


@pytest.mark.parametrize("weight", [0.0, 0.5])
def test_labels_of_a_fold_do_not_change_what_is_said_of_it(answers, weight):
    logits, rhythm, label, fold = answers
    before = out_of_fold(logits, rhythm, label, fold, weight=weight)
    other = np.where(fold == 0, (label + 1) % 5, label)
    after = out_of_fold(logits, rhythm, other, fold, weight=weight)
    np.testing.assert_array_equal(after[fold == 0], before[fold == 0])
    assert np.abs(after - before)[fold > 0].max() > 0.01


def test_each_fold_has_both_temperatures_of_the_others(answers):
    logits, rhythm, label, fold = answers
    others = fold != 1
    first = fit_temperature(logits[others], label[others])
    both = pooled(logits, rhythm, weight=0.5, temperature=first)
    second = fit_temperature(both[others], label[others])
    expected = np.exp(both / second) / np.exp(both / second).sum(axis=1, keepdims=True)
    found = out_of_fold(logits, rhythm, label, fold, weight=0.5)
    np.testing.assert_allclose(found[fold == 1], expected[fold == 1])


def test_one_fold_alone_is_calibrated_by_itself(answers):
    logits, rhythm, label, _ = answers
    found = out_of_fold(logits, rhythm, label, np.zeros(len(label), int), weight=0.5)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert (found.argmax(axis=1) == label).mean() > 0.8
