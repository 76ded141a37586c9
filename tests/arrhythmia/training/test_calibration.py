import numpy as np
import pytest

from arrhythmia.errors import DataError
from arrhythmia.scoring.metrics import log_loss
from arrhythmia.training.calibration import LIMITS, cross_calibrated, fit_temperature, temperature_scaled


def simulated(beats=40_000, temperature=1.0, seed=0):
    """Logits, and labels drawn from the probabilities that the calibration should find."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=2, size=(beats, 5))
    edge = temperature_scaled(logits, temperature).cumsum(axis=1)
    return logits, (rng.random((beats, 1)) > edge[:, :-1]).sum(axis=1)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_a_known_temperature_is_found(temperature):
    assert fit_temperature(*simulated(temperature=temperature)) == pytest.approx(temperature, rel=0.03)


def test_the_log_loss_falls_on_other_beats_too():
    fitted = fit_temperature(*simulated(temperature=3.0))
    logits, label = simulated(temperature=3.0, seed=1)
    before, after = (log_loss(label, temperature_scaled(logits, value)) for value in (1.0, fitted))
    assert after < before - 0.1


@pytest.mark.parametrize("beats", [1, 2, 7, 300])
@pytest.mark.parametrize("seed", range(5))
def test_it_is_never_worse_than_doing_nothing(beats, seed):
    logits, label = simulated(beats, seed=seed)
    temperature = fit_temperature(logits, label)
    assert LIMITS[0] <= temperature <= LIMITS[1]
    before, after = (log_loss(label, temperature_scaled(logits, value)) for value in (1.0, temperature))
    assert after <= before + 1e-9


def test_logits_without_a_mistake_get_the_least_temperature():
    label = np.tile(np.arange(5), 20)
    assert fit_temperature(4.0 * np.eye(5)[label], label) == pytest.approx(LIMITS[0], abs=0.2)


def test_logits_that_say_nothing_get_the_greatest_temperature():
    label = np.tile(np.arange(5), 20)
    assert fit_temperature(4.0 * np.eye(5)[(label + 1) % 5], label) == pytest.approx(LIMITS[1], rel=0.01)


def test_the_same_beats_give_the_same_bits():
    first, second = (fit_temperature(*simulated(500)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("temperature", [0.1, 1.0, 7.0])
def test_the_temperature_changes_how_sure_but_not_which_class(temperature):
    logits, _ = simulated(100)
    probability = temperature_scaled(logits, temperature)
    np.testing.assert_allclose(probability.sum(axis=1), 1)
    np.testing.assert_array_equal(probability.argmax(axis=1), logits.argmax(axis=1))
    ratio = np.exp((logits[:, 0] - logits[:, 1]) / temperature)
    np.testing.assert_allclose(probability[:, 0] / probability[:, 1], ratio)


@pytest.mark.parametrize("logits", [np.zeros((0, 5)), np.array([[0, 0, -np.inf, 0, 0]])])
def test_nothing_to_fit_is_refused(logits):
    with pytest.raises(DataError, match="finite logits"):
        fit_temperature(logits, np.zeros(len(logits), int))


def made_up(beats=600):
    """Logits of five classes that are too sure, most in the third fold."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, 5, beats)
    fold = np.arange(beats) % 3
    logits = rng.normal(size=(beats, 5)) * (1 + fold[:, None])
    logits[np.arange(beats), label] += 2
    return 3 * logits, label, fold


def test_a_folds_own_labels_do_not_change_its_probabilities():
    logits, label, fold = made_up()
    other = np.where(fold == 1, (label + 1) % 5, label)
    before, after = (cross_calibrated(logits, labels, fold) for labels in (label, other))
    np.testing.assert_array_equal(after[fold == 1], before[fold == 1])
    assert (after[fold != 1] != before[fold != 1]).all()


def test_each_fold_gets_the_temperature_of_the_others():
    logits, label, fold = made_up()
    probability = cross_calibrated(logits, label, fold)
    for number in range(3):
        own, others = fold == number, fold != number
        temperature = fit_temperature(logits[others], label[others])
        np.testing.assert_array_equal(probability[own], temperature_scaled(logits[own], temperature))


def test_one_fold_alone_is_calibrated_by_itself():
    logits, label, _ = made_up()
    probability = cross_calibrated(logits, label, np.zeros(600, dtype=np.int8))
    np.testing.assert_array_equal(probability, temperature_scaled(logits, fit_temperature(logits, label)))
