"""The recurrent network: a GRU or LSTM reads the beat in short patches, then the features join."""

import keras
from keras import layers

from arrhythmia.models.layers import BN_MOMENTUM, classify, inputs
from arrhythmia.models.literature import RNNS

CELLS = {"gru": layers.GRU, "lstm": layers.LSTM}

STEM_STRIDE = 2
"""Samples from one step of the stem to the next."""

STEM_WIDTH = 5
"""Width of the stem's convolution, samples (at 125 Hz: 40 ms, a steep QRS flank)."""


def build_rnn(
    length: int,
    channels: int,
    features: int,
    *,
    cell: str,
    units: int,
    stem: int,
    patch: int,
    embedding: int,
    dense: int,
    dropout: float,
) -> keras.Model:
    """Build the RNN: a strided convolution embeds patches of the beat, a bidirectional cell reads them.

    Reading patches instead of samples makes the sequence `patch` times shorter, and training that much
    faster: recurrent steps cannot be computed in parallel.

    Args:
        length: samples in a waveform.
        channels: channels of a waveform.
        features: number of features; 0 for none.
        cell: `gru` (Cho 2014) or `lstm` (Hochreiter & Schmidhuber 1997).
        units: units of the cell in each direction.
        stem: channels of a convolution before, which looks for short waves; 0 for none.
        patch: samples that one recurrent step covers, an even number with a stem; neighbouring patches
            overlap by half.
        embedding: channels of a patch's embedding.
        dense: units of the hidden layers of the head.
        dropout: share of units dropped in the head, 0..1.

    Input shape:
        `waveform (batch, length, channels)`, `features (batch, features)`

    Output shape:
        `(batch, 5)` logits, by the names of `layers.classify`

    Raises:
        ValueError: `cell` is neither `gru` nor `lstm`, or `patch` is odd beside a stem.
    """
    if cell not in CELLS:
        raise ValueError(f"rnn.cell is '{cell}'; use one of {', '.join(CELLS)}")
    if stem and patch % STEM_STRIDE:
        raise ValueError(f"rnn.patch is {patch}; beside a stem it must be even")
    waveform, *given = inputs(length, channels, features)
    x = waveform
    if stem:
        x = layers.Conv1D(stem, STEM_WIDTH, strides=STEM_STRIDE, padding="same", use_bias=False)(x)
        x = layers.Activation("relu")(layers.BatchNormalization(momentum=BN_MOMENTUM)(x))
    steps = patch // STEM_STRIDE if stem else patch
    x = layers.Conv1D(embedding, 2 * steps, strides=steps, padding="same", activation="relu")(x)
    x = layers.Bidirectional(CELLS[cell](units, return_sequences=True))(x)  # (batch, steps, 2 * units)
    summary = layers.Concatenate()([layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)])
    outputs = classify(summary, given[0] if given else None, dense=dense, dropout=dropout)
    return keras.Model([waveform, *given], outputs, name="rnn")


NETWORKS = {"patches": build_rnn, **RNNS}
"""Functions that build networks, by the values of `rnn.network`."""
