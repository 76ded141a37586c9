import numpy as np
import pytest

from arrhythmia.calibration import SHARPNESS, calibrated, fit_calibration
from arrhythmia.errors import DataError
from arrhythmia.scoring import log_loss

IDENTITY = (1.0, np.zeros(5))


def simulated(beats=40_000, temperature=1.0, bias=(0, 0, 0, 0, 0), classes=5, seed=0):
    """Logits, and labels drawn from the probabilities that the calibration should find."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=2, size=(beats, 5))
    probability = calibrated(logits, temperature, np.array(bias))[:, :classes]
    edge = (probability / probability.sum(axis=1, keepdims=True)).cumsum(axis=1)
    return logits, (rng.random((beats, 1)) > edge[:, :-1]).sum(axis=1)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_a_known_temperature_and_bias_are_found(temperature):
    bias = np.array([0.8, -0.5, 0.3, -0.2, -0.4])
    found, offsets = fit_calibration(*simulated(temperature=temperature, bias=bias))
    assert found == pytest.approx(temperature, rel=0.03)
    np.testing.assert_allclose(offsets, bias, atol=0.06)


def test_the_log_loss_falls_on_other_beats_too():
    temperature, bias = 3.0, [1.0, 0, 0, 0, -1.0]
    fitted = fit_calibration(*simulated(temperature=temperature, bias=bias))
    logits, label = simulated(temperature=temperature, bias=bias, seed=1)
    before, after = (log_loss(label, calibrated(logits, *values)) for values in (IDENTITY, fitted))
    assert after < before - 0.1


@pytest.mark.parametrize("beats", [1, 2, 7, 300])
@pytest.mark.parametrize("seed", range(5))
def test_it_is_never_worse_than_doing_nothing(beats, seed):
    logits, label = simulated(beats, seed=seed)
    temperature, bias = fit_calibration(logits, label)
    before, after = (
        log_loss(label, calibrated(logits, *values)) for values in (IDENTITY, (temperature, bias))
    )
    assert after <= before + 1e-12
    assert np.isfinite([temperature, *bias]).all()


def test_an_absent_class_keeps_its_standing():
    logits, label = simulated(classes=4)
    _, bias = fit_calibration(logits, label)
    assert bias[4] == 0
    assert bias.sum() == pytest.approx(0, abs=1e-9)
    assert (bias[:4] != 0).all()


def test_one_class_alone_has_no_offset():
    _, bias = fit_calibration(np.array([[1.0, 0, 0, 0, 0]]), np.array([3]))
    assert bias.tolist() == [0] * 5


def test_separable_beats_give_the_sharpest_temperature_and_finite_offsets():
    label = np.tile(np.arange(5), 20)
    temperature, bias = fit_calibration(4.0 * np.eye(5)[label], label)
    assert 1 / SHARPNESS[1] <= temperature < 0.5
    assert np.abs(bias).max() < 1


def test_a_handful_of_beats_cannot_raise_their_class_by_much():
    logits, label = simulated(beats=20_000, classes=4)
    logits[:, 4] -= 12
    label[:5] = 4  # one in 4,000
    assert 0 < fit_calibration(logits, label)[1][4] < 0.3


def test_the_same_beats_give_the_same_bits():
    first, second = (fit_calibration(*simulated(500)) for _ in range(2))
    assert first[0] == second[0]
    assert first[1].tolist() == second[1].tolist()


def test_groups_weigh_the_same_however_long_they_are():
    logits, label = simulated(beats=3_000)
    sharp, dull = (np.concatenate([k * logits[:1000], logits[1000:]]) for k in (1, 4))
    group = np.array(["a"] * 1000 + ["b"] * 2000)
    twice = np.concatenate([np.arange(3_000), np.arange(1_000)])  # record a, each beat twice
    for values in (sharp, dull):
        expected = fit_calibration(values[twice], label[twice])
        found = fit_calibration(values, label, group)
        assert found[0] == pytest.approx(expected[0], rel=1e-4)
        np.testing.assert_allclose(found[1], expected[1], atol=1e-4)


def test_temperature_and_offsets_act_on_the_logits():
    probability = calibrated(np.log([[0.8, 0.2, 1e-9, 1e-9, 1e-9]]), 2.0, np.array([0, np.log(2), 0, 0, 0]))
    assert probability[0, 1] / probability[0, 0] == pytest.approx(2 * np.sqrt(0.25))
    assert probability.sum() == pytest.approx(1)


@pytest.mark.parametrize("logits", [np.zeros((0, 5)), np.array([[0, 0, -np.inf, 0, 0]])])
def test_nothing_to_fit_is_refused(logits):
    with pytest.raises(DataError, match="finite logits"):
        fit_calibration(logits, np.zeros(len(logits), int))
