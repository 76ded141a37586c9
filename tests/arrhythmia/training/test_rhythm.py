"""Training of the rhythm network, what it says of records, and its ONNX file."""

import numpy as np
import pytest

from arrhythmia.inference.model import session
from arrhythmia.simulation.patient_set import PatientSet

SIZE = {"filters": 8, "dilations": [1, 2, 4], "dropout": 0.1}
SETTINGS = {"lr": 0.01, "weight_decay": 0.01, "steps": 40, "batch_size": 4, "sequence": 50, "seed": 0}


@pytest.fixture(scope="module")
def patients():
    """Beats are S where the first entry is low, whatever the other two are."""
    rng = np.random.default_rng(0)
    tokens = rng.normal(size=(6, 120, 3)).astype(np.float32)
    return PatientSet(tokens, (tokens[:, :, 0] < -0.5).astype(np.int8), np.zeros(6, int))


@pytest.fixture(scope="module")
def trained(keras, patients):
    from arrhythmia.models.rhythm import build_rhythm
    from arrhythmia.training.rhythm import train_updates

    keras.utils.set_random_seed(0)  # whatever was drawn before, in the same process
    network = build_rhythm(3, **SIZE)
    return network, list(train_updates(network, patients, **SETTINGS))


@pytest.mark.slow
def test_it_learns(trained, patients):
    from arrhythmia.training.rhythm import classify

    network, losses = trained
    assert len(losses) == SETTINGS["steps"]
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])
    probability = classify(network, patients.tokens)
    np.testing.assert_allclose(probability.sum(axis=-1), 1, atol=1e-5)
    assert (probability.argmax(axis=-1) == patients.label).mean() > 0.9


@pytest.mark.slow
def test_in_float64_it_says_the_same(trained, patients):
    from arrhythmia.training.precision import in_float64
    from arrhythmia.training.rhythm import classify

    network, _ = trained
    twin = in_float64(network)
    said = classify(twin, patients.tokens.astype(np.float64))
    assert {weight.dtype for weight in twin.weights} == {"float64"}
    assert said.dtype == np.float64
    np.testing.assert_allclose(said, classify(network, patients.tokens), atol=1e-5)
    assert said.astype(np.float32).tobytes() != classify(network, patients.tokens).tobytes()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_losses_and_another_others(keras, patients):
    from arrhythmia.models.rhythm import build_rhythm
    from arrhythmia.training import runtime
    from arrhythmia.training.rhythm import train_updates

    def losses(seed):
        runtime.prepare(threads=1, seed=seed)
        settings = SETTINGS | {"steps": 3, "seed": seed}
        network = build_rhythm(3, **SIZE | {"dilations": [1]})  # TensorFlow takes its time for each block
        return list(train_updates(network, patients, **settings))

    assert losses(0) == losses(0) != losses(1)


@pytest.mark.slow
def test_a_record_is_classified_as_if_it_were_alone(trained, patients):
    from arrhythmia.training.rhythm import classify, rhythm_probability

    network, _ = trained
    tokens = np.concatenate([patients.tokens[0], patients.tokens[1][:70]])
    record = np.repeat(["b", "a"], [120, 70])
    probability = rhythm_probability(network, tokens, record)
    np.testing.assert_allclose(probability[:120], classify(network, patients.tokens[:1])[0], atol=1e-6)
    np.testing.assert_allclose(probability[120:], classify(network, patients.tokens[1:2, :70])[0], atol=1e-6)


@pytest.mark.slow
def test_no_beat_further_away_than_the_dilations_reach_matters(trained, patients):
    from arrhythmia.training.rhythm import classify

    reach = 1 + sum(SIZE["dilations"])  # one of the first convolution
    changed = patients.tokens[:1].copy()
    changed[:, 60] += 3
    before, after = (classify(trained[0], x)[0] for x in (patients.tokens[:1], changed))
    moved = np.flatnonzero(np.abs(after - before).max(axis=1) > 1e-6)
    assert moved.min() == 60 - reach
    assert moved.max() == 60 + reach


@pytest.mark.slow
@pytest.mark.parametrize("beats", [1, 5, 120])
def test_the_onnx_file_gives_the_same_for_any_number_of_beats(trained, patients, beats):
    from arrhythmia.export.onnx import onnx_model
    from arrhythmia.training.rhythm import classify

    network, _ = trained
    loaded = session(onnx_model(network).SerializeToString(deterministic=True))
    tokens = patients.tokens[:2, :beats]
    np.testing.assert_allclose(loaded.run(None, {"tokens": tokens})[0], classify(network, tokens), atol=1e-5)
