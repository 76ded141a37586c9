"""How a network is trained: loss, class weights, learning rate, best weights. Pure Keras 3."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from arrhythmia.aami import CLASSES
from arrhythmia.class_weights import class_weights

Arrays = dict[str, np.ndarray]


def learning_rate(schedule: str, lr: float, steps: int):
    """Return the learning rate over `steps` updates.

    Args:
        schedule: `constant`, or `cosine`: a linear rise over the first twentieth, then half a cosine to 0
            (Loshchilov & Hutter 2017), which lets few epochs end well.
        lr: (highest) learning rate.
        steps: number of updates in all epochs.

    Raises:
        ValueError: an unknown schedule.
    """
    if schedule == "constant":
        return lr
    if schedule != "cosine":
        raise ValueError(f"train.schedule is '{schedule}'; use 'constant' or 'cosine'")
    warmup = max(steps // 20, 1)
    return keras.optimizers.schedules.CosineDecay(
        0.0, max(steps - warmup, 1), warmup_target=lr, warmup_steps=warmup
    )


def fit(
    model: keras.Model,
    train: Arrays,
    val: Arrays,
    *,
    lr: float,
    schedule: str,
    batch_size: int,
    epochs: int,
    settle: int,
    patience: int,
    class_weight_power: float,
    on_epoch: Callable[[dict[str, float]], Any],
) -> int:
    """Train `model` and leave it with the weights of its best epoch: the lowest validation loss.

    The best one is looked for among the epochs after the first `settle`. Earlier the learning rate is high
    and the loss on a handful of validation patients jumps; the lowest of all may well be the first.

    Args:
        model: takes `waveform` and `rhythm`, gives five probabilities.
        train: `waveform (n, length, channels)`, `rhythm (n, features)` and `label (n,)` to learn from.
        val: the same for early stopping and the choice of the epoch.
        lr: (highest) learning rate of Adam.
        schedule: see `learning_rate`.
        batch_size: beats an update.
        epochs: passes over the training beats at the most.
        settle: epochs before the best one is looked for; if there are no later ones, the last is kept.
        patience: epochs after those without a lower validation loss after which training stops.
        class_weight_power: see `class_weights`.
        on_epoch: called after each epoch with its losses, macro-F1s and learning rate.

    Returns:
        The number of the epoch whose weights were kept, from 1.

    Raises:
        ValueError: an impossible value, named as in params.yaml.
    """
    for name, value in {"epochs": epochs, "batch_size": batch_size, "patience": patience}.items():
        if value < 1:
            raise ValueError(f"train.{name} is {value}; the least is 1")
    steps = epochs * -(-len(train["label"]) // batch_size)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate(schedule, lr, steps)),
        loss="categorical_crossentropy",
        metrics=[keras.metrics.F1Score(average="macro", name="macro_f1")],
    )
    report = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: on_epoch({**logs, "lr": float(model.optimizer.learning_rate)})
    )
    best = keras.callbacks.EarlyStopping(
        "val_loss", mode="min", patience=patience, restore_best_weights=True, start_from_epoch=settle
    )
    weight = class_weights(train["label"], class_weight_power)
    model.fit(
        inputs_of(train),
        keras.utils.to_categorical(train["label"], len(CLASSES)),
        sample_weight=weight[train["label"]],
        validation_data=(inputs_of(val), keras.utils.to_categorical(val["label"], len(CLASSES))),
        batch_size=batch_size,
        epochs=epochs,
        callbacks=[report, best],
        verbose=2,
    )
    return best.best_epoch + 1 if epochs > settle else epochs


def inputs_of(arrays: Arrays) -> Arrays:
    """Return what the networks take of normalized arrays: `waveform` and `rhythm`."""
    return {"waveform": arrays["waveform"], "rhythm": arrays["rhythm"]}
