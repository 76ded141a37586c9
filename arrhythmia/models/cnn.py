"""The convolutional network: residual blocks over the beat, then the features of rhythm and shape."""

from collections.abc import Sequence

import keras
from keras import layers

from arrhythmia.models.layers import BN_MOMENTUM, classify, inputs
from arrhythmia.models.literature import CNNS


def build_cnn(
    length: int,
    channels: int,
    features: int,
    *,
    filters: int | Sequence[int],
    blocks: int,
    kernel_size: int,
    stride: int,
    dense: int,
    dropout: float,
) -> keras.Model:
    """Build the CNN, after the residual network of Kachuee 2018 (arXiv:1805.00794) with batch normalisation.

    Args:
        length: samples in a waveform.
        channels: channels of a waveform.
        features: number of features; 0 for none.
        filters: channels of every layer, or one number a layer: of the first convolution, then of each block.
        blocks: residual blocks, each of which halves the number of steps.
        kernel_size: width of every convolution but a shortcut's, samples.
        stride: step of the first convolution, samples.
        dense: units of the hidden layers of the head.
        dropout: share of units dropped in the head, 0..1.

    Input shape:
        `waveform (batch, length, channels)`, `features (batch, features)`

    Output shape:
        `(batch, 5)` logits, by the names of `layers.classify`
    """
    waveform, *given = inputs(length, channels, features)
    first, *widths = (blocks + 1) * [filters] if isinstance(filters, int) else filters
    x = layers.Conv1D(first, kernel_size, strides=stride, padding="same")(waveform)
    for width in widths:
        x = residual_block(x, width, kernel_size)  # (batch, steps / 2, width)
    x = layers.Activation("relu")(layers.BatchNormalization(momentum=BN_MOMENTUM)(x))
    summary = layers.Concatenate()([layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)])
    outputs = classify(summary, given[0] if given else None, dense=dense, dropout=dropout)
    return keras.Model([waveform, *given], outputs, name="cnn")


def residual_block(x, filters: int, kernel_size: int):
    """Two convolutions beside a shortcut, then pooling by two (pre-activation, He 2016).

    Where the number of channels changes, the shortcut is a convolution of width 1.
    """
    y = x
    for _ in range(2):
        y = layers.Activation("relu")(layers.BatchNormalization(momentum=BN_MOMENTUM)(y))
        y = layers.Conv1D(filters, kernel_size, padding="same", use_bias=False)(y)
    if x.shape[-1] != filters:
        x = layers.Conv1D(filters, 1, use_bias=False)(x)
    return layers.MaxPooling1D(2, padding="same")(layers.Add()([x, y]))


NETWORKS = {"residual": build_cnn, **CNNS}
"""Functions that build networks, by the values of `cnn.network`."""
