import numpy as np
import pytest

pytestmark = pytest.mark.slow

KNOBS = {
    "lr": 0.01,
    "schedule": "cosine",
    "batch_size": 8,
    "epochs": 3,
    "settle": 0,
    "patience": 3,
    "class_weight_power": 0.5,
}


@pytest.fixture(scope="module")
def training(keras):
    """The module under test, imported when Keras is ready."""
    from arrhythmia import training

    return training


@pytest.fixture(scope="module")
def build(keras):
    """Return a function that builds a small model with dropout, from seed 0."""

    def model():
        keras.backend.clear_session()
        keras.utils.set_random_seed(0)
        one, two = keras.Input((20, 1), name="waveform"), keras.Input((2,), name="rhythm")
        shape = keras.layers.GlobalMaxPooling1D()(keras.layers.Conv1D(4, 3, activation="relu")(one))
        hidden = keras.layers.Dropout(0.3)(keras.layers.Concatenate()([shape, two]))
        return keras.Model([one, two], keras.layers.Dense(5, activation="softmax")(hidden))

    return model


def arrays(n, seed):
    """Beats of five classes, each told by its amplitude."""
    rng = np.random.default_rng(seed)
    label = np.arange(n) % 5
    return {
        "waveform": (rng.normal(0, 0.1, size=(n, 20, 1)) + label[:, None, None]).astype(np.float32),
        "rhythm": rng.normal(size=(n, 2)).astype(np.float32),
        "label": label.astype(np.int8),
    }


def trained(training, model, *, on_epoch=lambda values: None, **knobs):
    training.fit(model, arrays(40, 0), arrays(20, 1), on_epoch=on_epoch, **{**KNOBS, **knobs})
    return model


def test_constant_learning_rate(training):
    assert training.learning_rate("constant", 0.003, 100) == 0.003


def test_cosine_learning_rate(training):
    rate = training.learning_rate("cosine", 0.002, 100)
    steps = np.array([float(rate(step)) for step in range(101)])
    assert steps[0] == 0
    np.testing.assert_allclose(steps[5], 0.002, rtol=1e-6)
    assert steps.argmax() == 5
    assert (np.diff(steps[5:]) < 0).all()
    np.testing.assert_allclose(steps[100], 0, atol=1e-8)


def test_cosine_learning_rate_of_a_single_step(training):
    assert np.isfinite(float(training.learning_rate("cosine", 0.002, 1)(0)))


def test_unknown_schedule(training):
    with pytest.raises(ValueError, match=r"^train\.schedule is 'linear'; use 'constant' or 'cosine'$"):
        training.learning_rate("linear", 0.002, 100)


def test_every_epoch_is_reported(training, build):
    epochs = []
    trained(training, build(), on_epoch=epochs.append)
    assert len(epochs) == 3
    for values in epochs:
        assert set(values) == {"loss", "macro_f1", "val_loss", "val_macro_f1", "lr"}
        assert all(isinstance(value, float) for value in values.values())
    assert epochs[0]["lr"] > epochs[2]["lr"]


def test_it_learns(training, build):
    losses = []
    trained(
        training,
        build(),
        epochs=8,
        lr=0.1,
        on_epoch=lambda values: losses.append(values["val_loss"]),
    )
    assert losses[-1] < 0.8 * losses[0]


def test_weights_of_the_best_epoch_are_kept(training, build):
    """At this rate the loss jumps up and down, so that the best epoch is not the last."""
    losses = []
    model = trained(
        training,
        build(),
        epochs=8,
        patience=8,
        lr=1.0,
        schedule="constant",
        on_epoch=lambda values: losses.append(values["val_loss"]),
    )
    val = arrays(20, 1)
    probability = model.predict(training.inputs_of(val), verbose=0)
    loss = -np.log(np.clip(probability[np.arange(20), val["label"]], 1e-7, 1)).mean()
    assert losses[-1] > 1.1 * min(losses)
    np.testing.assert_allclose(loss, min(losses), rtol=1e-3)


def kept_epoch(training, model, **knobs):
    losses = []
    kept = training.fit(
        model,
        arrays(40, 0),
        arrays(20, 1),
        on_epoch=lambda values: losses.append(values["val_loss"]),
        **{**KNOBS, "lr": 1.0, "schedule": "constant", "epochs": 8, "patience": 8, **knobs},
    )
    return kept, losses


def test_the_kept_epoch_is_the_best_one_after_those_to_settle(training, build):
    kept, losses = kept_epoch(training, build())
    assert kept == 1 + np.argmin(losses)
    later, losses = kept_epoch(training, build(), settle=kept)
    assert later == kept + 1 + np.argmin(losses[kept:])


def test_the_last_epoch_is_kept_where_all_are_to_settle(training, build):
    assert kept_epoch(training, build(), settle=8, epochs=3)[0] == 3


def test_training_stops_when_patience_is_over(training, build):
    losses = []
    trained(
        training,
        build(),
        epochs=40,
        patience=2,
        lr=3.0,
        schedule="constant",
        on_epoch=lambda values: losses.append(values["val_loss"]),
    )
    assert len(losses) < 40
    assert len(losses) - 1 - np.argmin(losses) == 2


def test_class_weights_reach_the_loss(training, build):
    losses = {}
    for power in (0, 1):
        unequal = {key: value[np.arange(40) % 5 != 4] for key, value in arrays(40, 0).items()}
        unequal["label"][:20] = 0
        training.fit(
            build(),
            unequal,
            arrays(20, 1),
            on_epoch=lambda values, power=power: losses.__setitem__(power, values["loss"]),
            **{**KNOBS, "class_weight_power": power, "epochs": 1},
        )
    assert losses[0] != losses[1]


@pytest.fixture(scope="module")
def undisturbed(training, build, tmp_path_factory):
    """Bytes of the archive after a training."""
    return saved(training, build(), tmp_path_factory.mktemp("undisturbed") / "model.keras")


def saved(training, model, path, **knobs):
    from arrhythmia.keras_archive import save_model

    save_model(trained(training, model, **knobs), path)
    return path.read_bytes()


def test_the_same_training_gives_the_same_bytes(training, build, undisturbed, tmp_path):
    assert saved(training, build(), tmp_path / "model.keras") == undisturbed


def test_killed_training_leaves_no_file_and_no_trace(training, build, undisturbed, tmp_path):
    def die(values):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        saved(training, build(), tmp_path / "model.keras", on_epoch=die)
    assert not list(tmp_path.iterdir())
    assert saved(training, build(), tmp_path / "model.keras") == undisturbed


def test_another_seed_gives_other_bytes(keras, training, build, undisturbed, tmp_path):
    model = build()
    keras.utils.set_random_seed(1)  # of dropout and shuffling
    assert saved(training, model, tmp_path / "model.keras") != undisturbed


def test_inputs_of(training):
    assert list(training.inputs_of(arrays(3, 0))) == ["waveform", "rhythm"]
