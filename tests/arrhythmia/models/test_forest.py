import numpy as np
import pytest

from arrhythmia.models.forest import forest_probabilities

SETTINGS = {"trees": 20, "min_leaf": 1, "class_weight_power": 0.5, "seed": 0}
LABEL = np.tile(np.repeat(range(5), 4), 3)
TRAIN, TEST = np.arange(40), np.arange(40, 60)


def features(seed=0):
    """Two columns, `(60, 2)`, in which the classes are far apart."""
    noise = np.random.default_rng(seed).normal(size=(60, 2))
    return np.stack([LABEL, -LABEL], axis=1).astype(np.float32) + 0.1 * noise.astype(np.float32)


def test_probabilities():
    probability, nodes = forest_probabilities(features(), LABEL, TRAIN, TEST, **SETTINGS)
    assert probability.shape == (20, 5)
    np.testing.assert_allclose(probability.sum(axis=1), 1)
    np.testing.assert_array_equal(probability.argmax(axis=1), LABEL[TEST])
    assert nodes >= 20 * 9, "a tree with a leaf a class has nine nodes"


def test_same_seed_same_probabilities():
    noise = np.random.default_rng(0).normal(size=(60, 2))
    one, same, other = (
        forest_probabilities(noise, LABEL, TRAIN, TEST, **{**SETTINGS, "seed": seed})[0] for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_class_absent_from_train_gets_probability_0():
    train = TRAIN[LABEL[TRAIN] != 3]
    probability, _ = forest_probabilities(features(), LABEL, train, TEST, **SETTINGS)
    assert probability.shape == (20, 5)
    np.testing.assert_array_equal(probability[:, 3], 0)
    np.testing.assert_allclose(probability.sum(axis=1), 1)


def test_missing_values_are_handled():
    holes = features()
    holes[::7, 1] = np.nan
    probability, _ = forest_probabilities(holes, LABEL, TRAIN, TEST, **SETTINGS)
    assert np.isfinite(probability).all()


def test_test_rows_are_not_learned_from():
    probability, nodes = forest_probabilities(features(), LABEL, TRAIN, TEST, **SETTINGS)
    changed, label = features(), LABEL.copy()
    changed[TEST[1:]], label[TEST] = 99, 0
    again, same = forest_probabilities(changed, label, TRAIN, TEST, **SETTINGS)
    np.testing.assert_array_equal(again[0], probability[0])
    assert same == nodes


@pytest.mark.parametrize(("power", "expected"), [(0, 0.1), (0.5, 0.25), (1, 0.5)])
def test_class_weights(power, expected):
    """With one leaf, the probability is the weighted share of the class."""
    label = np.repeat([0, 1], [90, 10])
    one_leaf = {"trees": 200, "min_leaf": 200, "class_weight_power": power, "seed": 0}
    probability, _ = forest_probabilities(np.zeros((100, 1)), label, np.arange(100), np.arange(1), **one_leaf)
    np.testing.assert_allclose(probability[0, 1], expected, atol=0.02)


def test_thousands_of_rows_get_the_same_bytes_every_time():
    """Threads that add up the trees in the order in which they end would give other last bits."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, 5, 4000).astype(np.int8)
    features = (rng.normal(size=(4000, 4)) + label[:, None] / 2).astype(np.float32)
    rows = np.arange(4000)
    settings = {"trees": 40, "min_leaf": 5, "class_weight_power": 0.5, "seed": 0}
    first, *others = (
        forest_probabilities(features, label, rows[:2000], rows, **settings)[0].tobytes() for _ in range(6)
    )
    assert all(other == first for other in others)
