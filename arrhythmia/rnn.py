"""The recurrent network: a GRU or LSTM reads the beat in short patches, then the features join."""

import keras
from keras import layers

from arrhythmia.head import classify, inputs

CELLS = {"gru": layers.GRU, "lstm": layers.LSTM}


def build_rnn(
    length: int,
    channels: int,
    features: int,
    *,
    cell: str,
    units: int,
    patch: int,
    embedding: int,
    dense: int,
    dropout: float,
) -> keras.Model:
    """Build the RNN: one strided convolution embeds patches of the beat, a bidirectional cell reads them.

    Reading patches instead of samples makes the sequence `patch` times shorter, and training that much
    faster: recurrent steps cannot be computed in parallel.

    Args:
        length: samples in a waveform.
        channels: channels of a waveform.
        features: number of features; 0 for none.
        cell: `gru` (Cho 2014) or `lstm` (Hochreiter & Schmidhuber 1997).
        units: units of the cell in each direction.
        patch: samples that one recurrent step covers; neighbouring patches overlap by half.
        embedding: channels of a patch's embedding.
        dense: units of the hidden layers of the head.
        dropout: share of units dropped in the head, 0..1.

    Input shape:
        `waveform (batch, length, channels)`, `features (batch, features)`

    Output shape:
        `(batch, 5)` logits, by the names of `head.classify`

    Raises:
        ValueError: `cell` is neither `gru` nor `lstm`.
    """
    if cell not in CELLS:
        raise ValueError(f"rnn.cell is '{cell}'; use one of {', '.join(CELLS)}")
    waveform, *measures = inputs(length, channels, features)
    x = layers.Conv1D(embedding, 2 * patch, strides=patch, padding="same", activation="relu")(waveform)
    x = layers.Bidirectional(CELLS[cell](units, return_sequences=True))(x)  # (batch, steps, 2 * units)
    summary = layers.Concatenate()([layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)])
    opinions = classify(summary, measures[0] if measures else None, dense=dense, dropout=dropout)
    return keras.Model([waveform, *measures], opinions, name="rnn")
