"""The networks that others published on the Kaggle beats, rebuilt as baselines, of fixed sizes."""

import keras
from keras import layers

from arrhythmia.aami import CLASSES

KACHUEE = {"filters": 32, "kernel_size": 5, "blocks": 5, "pool": 5, "pool_stride": 2, "dense": (32, 32)}
"""The residual network of Kachuee, Fazeli & Sarrafzadeh 2018, arXiv:1805.00794."""

KACHUEE_SHORTEST = 129
"""Samples that leave one step after the five poolings of `kachuee`."""

THREE_LAYER = {"filters": 64, "kernel_sizes": (6, 3, 3), "pools": (3, 2, 2), "dense": 64, "dropout": 0.4}
"""The convolutional network of the classic training scripts."""

STACKED_LSTM = {"units": (64, 64), "dense": 64, "dropout": 0.4}
"""The recurrent network of the classic training scripts."""


def kachuee(length: int, channels: int) -> keras.Model:
    """Build the residual CNN of Kachuee 2018 (arXiv:1805.00794).

    A convolution, five blocks of two convolutions with a shortcut around them, ReLU and pooling, two hidden
    layers; no batch normalisation, no dropout. Padding is that of the public Keras copies: only the first
    convolution and the pooling shorten the beat.

    Args:
        length: samples in a waveform.
        channels: channels of a waveform.

    Input shape:
        `waveform (batch, length, channels)`

    Output shape:
        `(batch, 5)` logits

    Raises:
        ValueError: the waveform is too short for five poolings.
    """
    if length < KACHUEE_SHORTEST:
        raise ValueError(f"cnn.network=kachuee needs {KACHUEE_SHORTEST} samples a beat; there are {length}")
    size = {"filters": KACHUEE["filters"], "kernel_size": KACHUEE["kernel_size"]}
    waveform = keras.Input((length, channels), name="waveform")
    x = layers.Conv1D(**size)(waveform)  # (batch, length - 4, 32)
    for _ in range(KACHUEE["blocks"]):
        y = layers.Conv1D(**size, padding="same", activation="relu")(x)
        y = layers.Conv1D(**size, padding="same")(y)
        x = layers.Activation("relu")(layers.Add()([x, y]))
        x = layers.MaxPooling1D(KACHUEE["pool"], KACHUEE["pool_stride"])(x)  # (batch, about steps / 2, 32)
    x = layers.Flatten()(x)
    for units in KACHUEE["dense"]:
        x = layers.Dense(units, activation="relu")(x)  # (batch, 32)
    return keras.Model([waveform], {"logits": layers.Dense(len(CLASSES), name="logits")(x)}, name="kachuee")


def three_layer(length: int, channels: int) -> keras.Model:
    """Build the three-layer CNN of the classic training scripts.

    Three convolutions of 64 channels, 64 hidden units and dropout of 0.4 are given. Kernels (6, 3, 3) and
    pooling (3, 2, 2, stride 2) are those of the Kaggle notebook that many public scripts copy; its batch
    normalisation and second hidden layer are left out, as the plain script has neither.

    Args:
        length: samples in a waveform.
        channels: channels of a waveform.

    Input shape:
        `waveform (batch, length, channels)`

    Output shape:
        `(batch, 5)` logits
    """
    waveform = keras.Input((length, channels), name="waveform")
    x = waveform
    for kernel_size, pool in zip(THREE_LAYER["kernel_sizes"], THREE_LAYER["pools"], strict=True):
        x = layers.Conv1D(THREE_LAYER["filters"], kernel_size, activation="relu")(x)
        x = layers.MaxPooling1D(pool, 2, padding="same")(x)  # (batch, about steps / 2, 64)
    x = layers.Flatten()(x)
    return keras.Model([waveform], {"logits": _hidden_and_logits(x, THREE_LAYER)}, name="three_layer")


def stacked_lstm(length: int, channels: int) -> keras.Model:
    """Build the stacked LSTM of the classic training scripts: it reads the raw samples one by one.

    Two LSTM layers of 64 units (Hochreiter & Schmidhuber 1997), 64 hidden units, dropout of 0.4. The second
    layer gives its state after the last sample, which on a Kaggle beat has come through the zero padding.

    Args:
        length: samples in a waveform, each of which is a recurrent step.
        channels: channels of a waveform.

    Input shape:
        `waveform (batch, length, channels)`

    Output shape:
        `(batch, 5)` logits
    """
    waveform = keras.Input((length, channels), name="waveform")
    first, second = STACKED_LSTM["units"]
    x = layers.LSTM(first, return_sequences=True)(waveform)  # (batch, length, 64)
    x = layers.LSTM(second)(x)  # (batch, 64)
    return keras.Model([waveform], {"logits": _hidden_and_logits(x, STACKED_LSTM)}, name="stacked_lstm")


def _hidden_and_logits(x, size: dict):
    """Return the logits after one hidden layer with dropout, the end of both classic scripts."""
    x = layers.Dropout(size["dropout"])(layers.Dense(size["dense"], activation="relu")(x))  # (batch, 64)
    return layers.Dense(len(CLASSES), name="logits")(x)


CNNS = {"kachuee": kachuee, "three_layer": three_layer}
RNNS = {"stacked_lstm": stacked_lstm}
"""The builders by name."""
