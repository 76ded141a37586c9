"""The part that both networks share: inputs, and the output with its auxiliary heads."""

import keras
import numpy as np
from keras import layers

from arrhythmia.aami import CLASSES

BN_MOMENTUM = 0.9
"""Of batch normalisation. Keras' default of 0.99 needs hundreds of updates until the moving averages hold;
short trainings have less."""

BATCH = 1024
"""Beats that a network classifies at a time."""


def inputs(length: int, channels: int, features: int) -> list:
    """Return the inputs: `waveform (batch, length, channels)`, and `features (batch, features)` if any."""
    waveform = keras.Input((length, channels), name="waveform")
    return [waveform, keras.Input((features,), name="features")] if features else [waveform]


def inputs_of(model: keras.Model, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return those of the normalized arrays that `model` takes, by the names of its inputs."""
    return {x.name: arrays[x.name] for x in model.inputs}


def classify(summary, features, *, dense: int, dropout: float) -> dict:
    """Classify by shape and features together, and for training also by each alone.

    Where both are given, two auxiliary heads learn beside the output (deep supervision, Lee 2015): a network
    that overfits to shapes would else ignore the features, which hold for unseen patients too.

    Args:
        summary: `(batch, channels)` tensor, the waveform's summary.
        features: `(batch, features)` tensor, or None.
        dense: units of the hidden layers.
        dropout: share of the units dropped in training, 0..1.

    Returns:
        `(batch, 5)` logits by name: `logits`, the answer, and with features also `aux_waveform` and
        `aux_features`.
    """
    shape = layers.Dense(dense, activation="relu")(layers.Dropout(dropout)(summary))  # (batch, dense)
    shape = layers.Dropout(dropout)(shape)
    if features is None:
        return {"logits": _logits(shape, "logits")}
    branch = features
    for _ in range(2):
        hidden = layers.Dropout(dropout)  # made before the layer under it: the order draws the seeds
        branch = hidden(layers.Dense(2 * dense, activation="relu")(branch))  # (batch, 2 dense)
    both = layers.Dense(dense, activation="relu")(layers.Concatenate()([shape, branch]))  # (batch, dense)
    return {
        "logits": _logits(both, "logits"),
        "aux_waveform": _logits(shape, "aux_waveform"),
        "aux_features": _logits(branch, "aux_features"),
    }


def _logits(x, name: str):
    return layers.Dense(len(CLASSES), name=name)(x)
