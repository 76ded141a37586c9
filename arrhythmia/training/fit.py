"""How a network is trained: loss, class weights, learning rate, augmentation. Pure Keras 3."""

from collections.abc import Iterator

import keras
import numpy as np

from arrhythmia.aami import CLASSES
from arrhythmia.models.class_weights import class_weights
from arrhythmia.models.layers import inputs_of
from arrhythmia.training.augmentation import mix_templates


def learning_rate(schedule: str, lr: float, steps: int):
    """Return the learning rate over `steps` updates.

    Args:
        schedule: `constant`, or `cosine`: a linear rise over the first twentieth, then half a cosine to 0
            (Loshchilov & Hutter 2017), which lets few epochs end well.
        lr: (highest) learning rate.
        steps: number of updates in all epochs.
    """
    if schedule == "constant":
        return lr
    warmup = max(steps // 20, 1)
    return keras.optimizers.schedules.CosineDecay(
        0.0, max(steps - warmup, 1), warmup_target=lr, warmup_steps=warmup
    )


def train_epochs(
    model: keras.Model,
    train: dict[str, np.ndarray],
    held_out: dict[str, np.ndarray] | None,
    *,
    lr: float,
    schedule: str,
    batch_size: int,
    epochs: int,
    template_mixing: float,
    class_weight_power: float,
    seed: int,
) -> Iterator[dict[str, float]]:
    """Train `model` for a fixed number of epochs, one each time that the caller asks for the next.

    So whoever trains several networks can take them through the epochs together, and whoever has seen
    enough can stop. No epoch is picked by the held-out beats: under a falling learning rate the last one is
    good, and what is held out stays fit to judge by.

    Args:
        model: takes `inputs_of` the arrays, gives logits; its output `logits` is the answer, others learn the
            same labels beside it.
        train: `waveform (n, length, channels)`, `features (n, k)` and `label (n,)` to learn from.
        held_out: the same to watch the training by, or None.
        lr: (highest) learning rate of Adam.
        schedule: see `learning_rate`.
        batch_size: beats an update.
        epochs: passes over the training beats.
        template_mixing: strength of `augmentation.mix_templates`; 0 leaves the beats as they are.
        class_weight_power: see `class_weights`.
        seed: of the order of the beats and of the augmentation.

    Yields:
        After each epoch the answer's (weighted) loss and its macro-F1 over five classes on the training beats
        while they were learnt, the same, prefixed with `val_`, on the held-out ones, and the learning rate.
    """
    steps = epochs * -(-len(train["label"]) // batch_size)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate(schedule, lr, steps)),
        loss={name: keras.losses.CategoricalCrossentropy(from_logits=True) for name in model.output_names},
        metrics={"logits": keras.metrics.F1Score(average="macro", name="macro_f1")},
    )
    _make_variables(model)
    target = keras.utils.to_categorical(train["label"], len(CLASSES))
    weight = class_weights(train["label"], class_weight_power)[train["label"]]
    validation = None
    if held_out is not None:
        validation = (inputs_of(model, held_out), _targets(model, held_out["label"]))
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        order = rng.permutation(len(target))
        beats = {key: train[key][order] for key in inputs_of(model, train)}
        if template_mixing:
            beats["waveform"] = mix_templates(beats["waveform"], template_mixing, rng)
        epoch = model.fit(
            beats,
            dict.fromkeys(model.output_names, target[order]),
            sample_weight=dict.fromkeys(model.output_names, weight[order]),
            validation_data=validation,
            batch_size=batch_size,
            shuffle=False,
            verbose=0,
        )
        yield _summary(epoch.history) | {"lr": float(model.optimizer.learning_rate)}


def _make_variables(model: keras.Model) -> None:
    """Make the variables of optimizer, losses and metrics.

    Keras would make them within the first update, which TensorFlow then traces twice: seconds a network.
    """
    nothing = dict.fromkeys(model.output_names, np.zeros((1, len(CLASSES)), dtype=np.float32))
    model.optimizer.build(model.trainable_variables)
    model.compute_loss(y=nothing, y_pred=nothing)
    model.compute_metrics(None, nothing, nothing)  # `fit` sets them back


def _targets(model: keras.Model, label: np.ndarray) -> dict[str, np.ndarray]:
    target = keras.utils.to_categorical(label, len(CLASSES))
    return dict.fromkeys(model.output_names, target)


def _summary(history: dict[str, list[float]]) -> dict[str, float]:
    """Return the last values of the answer's loss and macro-F1, named alike for one output and for many."""
    last = {key: values[-1] for key, values in history.items()}
    return {
        f"{side}{key}": last.get(f"{side}logits_{key}", last.get(f"{side}{key}"))
        for side in ("", "val_")
        for key in ("loss", "macro_f1")
        if f"{side}loss" in last
    }
