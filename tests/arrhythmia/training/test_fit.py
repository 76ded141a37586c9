import numpy as np
import pytest

pytestmark = pytest.mark.slow

SETTINGS = {
    "lr": 0.01,
    "schedule": "cosine",
    "batch_size": 8,
    "epochs": 3,
    "template_mixing": 0.0,
    "class_weight_power": 0.5,
    "seed": 0,
}
LENGTH = 130
CNN = {"filters": 4, "blocks": 1, "kernel_size": 3, "stride": 2, "dense": 8, "dropout": 0.3}


@pytest.fixture(scope="module")
def fit(keras):
    """The module under test, imported when Keras is ready."""
    from arrhythmia.training import fit

    return fit


@pytest.fixture(scope="module")
def build(keras):
    """Return a function that builds a small network with dropout, from seed 0."""
    from arrhythmia.models.cnn import build_cnn

    def model(channels=1, features=2):
        keras.backend.clear_session()
        keras.utils.set_random_seed(0)
        return build_cnn(LENGTH, channels, features, **CNN)

    return model


def arrays(n, seed, channels=1):
    """Beats of five classes, each told by its amplitude."""
    rng = np.random.default_rng(seed)
    label = np.arange(n) % 5
    return {
        "waveform": (rng.normal(0, 0.1, size=(n, LENGTH, channels)) + label[:, None, None]).astype(
            np.float32
        ),
        "features": rng.normal(size=(n, 2)).astype(np.float32),
        "label": label.astype(np.int8),
    }


def trained(fit, model, *, channels=1, **settings):
    """Train `model`, and return what was said after each epoch."""
    beats, held_out = arrays(40, 0, channels), arrays(24, 1, channels)
    return list(fit.train_epochs(model, beats, held_out, **{**SETTINGS, **settings}))


def weights(model):
    return np.concatenate([weight.ravel() for weight in model.get_weights()])


def test_constant_learning_rate(fit):
    assert fit.learning_rate("constant", 0.003, 100) == 0.003


def test_cosine_learning_rate(fit):
    rate = fit.learning_rate("cosine", 0.002, 100)
    steps = np.array([float(rate(step)) for step in range(101)])
    assert steps[0] == 0
    np.testing.assert_allclose(steps[5], 0.002, rtol=1e-6)
    assert steps.argmax() == 5
    assert (np.diff(steps[5:]) < 0).all()
    np.testing.assert_allclose(steps[100], 0, atol=1e-8)


def test_cosine_learning_rate_of_a_single_step(fit):
    assert np.isfinite(float(fit.learning_rate("cosine", 0.002, 1)(0)))


@pytest.fixture(scope="module")
def alone(fit, build):
    """A model that was trained by itself, and what was said after each epoch.

    Mixing in templates would fail: without strength, nobody asks for it.
    """
    model, traced = build(), []
    step = model.train_step
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "mix_templates", None)
        patch.setattr(model, "train_step", lambda data: traced.append(data) or step(data))
        said = trained(fit, model)
    assert len(traced) == 1, "TensorFlow traced an update again, which costs seconds a network"
    return model, said


@pytest.fixture(scope="module")
def without_features(fit, build):
    """What is said of a network that gives one opinion, because it takes no features."""
    return trained(fit, build(features=0))


@pytest.mark.parametrize("opinions", ["one", "three"])
def test_every_epoch_is_reported_in_the_same_words_for_one_opinion_and_for_three(
    alone, without_features, opinions
):
    epochs = without_features if opinions == "one" else alone[1]
    assert len(epochs) == 3
    for values in epochs:
        assert set(values) == {"loss", "macro_f1", "val_loss", "val_macro_f1", "lr"}
        assert all(isinstance(value, float) for value in values.values())
    assert epochs[0]["lr"] > epochs[2]["lr"]


def test_without_held_out_beats_the_same_is_learnt_and_nothing_said_of_them(fit, build, alone):
    model, said = alone
    other = build()
    epochs = list(fit.train_epochs(other, arrays(40, 0), None, **SETTINGS))
    assert [set(values) for values in epochs] == [{"loss", "macro_f1", "lr"}] * 3
    assert [values["loss"] for values in epochs] == [values["loss"] for values in said]
    np.testing.assert_array_equal(weights(other), weights(model))


def test_the_reported_loss_is_that_of_the_answer(fit, alone):
    model, said = alone
    held_out = arrays(24, 1)  # whole batches: Keras means a loss over batches, however few beats are in one
    logits = model.predict(fit.inputs_of(model, held_out), verbose=0)["logits"]
    loss = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(24), held_out["label"]]
    assert said[-1]["val_loss"] == pytest.approx(loss.mean(), rel=1e-4)


def test_it_learns(fit, build):
    history = trained(fit, build(), epochs=15, lr=0.03)
    assert history[-1]["loss"] < 0.8 * history[0]["loss"]
    assert history[-1]["val_loss"] < 0.8 * history[0]["val_loss"]


def test_the_held_out_beats_have_no_part_in_it(fit, build, alone):
    """No epoch is picked by them."""
    other = build()
    poisoned = arrays(20, 1)
    poisoned["waveform"] *= 100
    poisoned["label"][:] = 0
    np.random.seed(5)  # noqa: NPY002  what Keras may draw for the held-out beats must not count either
    list(fit.train_epochs(other, arrays(40, 0), poisoned, **SETTINGS))
    np.testing.assert_array_equal(weights(other), weights(alone[0]))


def test_networks_taken_through_the_epochs_together_learn_what_each_learns_alone(fit, build, alone):
    together = [build(), build()]
    beats, held_out = arrays(40, 0), arrays(24, 1)
    runs = [fit.train_epochs(model, beats, held_out, **SETTINGS) for model in together]
    assert len(list(zip(*runs, strict=True))) == 3
    for model in together:
        np.testing.assert_array_equal(weights(model), weights(alone[0]))


def test_class_weights_reach_the_loss(fit, build):
    losses = {}
    for power in (0, 1):
        unequal = {key: value[np.arange(40) % 5 != 4] for key, value in arrays(40, 0).items()}
        unequal["label"][:20] = 0
        settings = {**SETTINGS, "class_weight_power": power, "epochs": 1}
        (values,) = fit.train_epochs(build(), unequal, None, **settings)
        losses[power] = values["loss"]
    assert losses[0] != losses[1]


def test_templates_are_mixed_into_the_training_beats_only(fit, build, alone, monkeypatch):
    seen = []

    def mix(waveform, strength, rng):
        seen.append((waveform.shape, strength))
        return waveform * 0

    monkeypatch.setattr(fit, "mix_templates", mix)
    model = build()
    trained(fit, model, template_mixing=1.5)
    assert seen == [((40, LENGTH, 1), 1.5)] * 3
    assert (weights(model) != weights(alone[0])).any()


def saved(fit, model, path, **settings):
    from arrhythmia.training.serialization import save_model

    trained(fit, model, **settings)
    save_model(model, path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def undisturbed(fit, build, tmp_path_factory):
    """Bytes of the archive after a fit, with other patients' templates."""
    path = tmp_path_factory.mktemp("undisturbed") / "model.keras"
    return saved(fit, build(channels=2), path, channels=2, template_mixing=1.0)


def test_the_same_training_gives_the_same_bytes_also_after_an_abandoned_one(
    fit, build, undisturbed, tmp_path
):
    beats = arrays(40, 0, channels=2)
    next(fit.train_epochs(build(channels=2), beats, None, **{**SETTINGS, "template_mixing": 1.0}))
    again = saved(fit, build(channels=2), tmp_path / "model.keras", channels=2, template_mixing=1.0)
    assert again == undisturbed


def test_another_seed_gives_other_bytes(fit, build, undisturbed, tmp_path):
    """The seed of the order and of the augmentation; that of weights and dropout is Keras' own."""
    model = build(channels=2)
    other = saved(fit, model, tmp_path / "model.keras", channels=2, template_mixing=1.0, seed=1)
    assert other != undisturbed
