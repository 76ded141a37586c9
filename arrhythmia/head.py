"""The part that both networks share: two inputs, and two opinions that add up to five probabilities."""

import keras
from keras import layers

from arrhythmia.aami import CLASSES


def inputs(length: int, channels: int, features: int):
    """Return the two inputs: `waveform (batch, length, channels)` and `rhythm (batch, features)`."""
    return keras.Input((length, channels), name="waveform"), keras.Input((features,), name="rhythm")


def classify(summary, rhythm, *, dense: int, dropout: float):
    """Classify by the sum of what the shape says and what the timing says.

    Each has layers of its own and they meet as log-odds only: joined earlier, a network that can learn shapes
    by heart ignores the timing, and finds fewer S beats in patients it has not seen.

    Args:
        summary: `(batch, channels)` tensor, the waveform's summary.
        rhythm: `(batch, features)` tensor, the rhythm input.
        dense: units of the hidden layers.
        dropout: share of the units dropped in training, 0..1.

    Returns:
        `(batch, 5)` tensor of probabilities.
    """
    shape = layers.Dense(dense, activation="relu")(layers.Dropout(dropout)(summary))  # (batch, dense)
    shape = layers.Dense(len(CLASSES), name="shape")(layers.Dropout(dropout)(shape))  # (batch, 5)
    timing = layers.Dense(dense, activation="relu")(rhythm)  # (batch, dense)
    timing = layers.Dense(dense, activation="relu")(timing)
    timing = layers.Dense(len(CLASSES), name="timing")(timing)  # (batch, 5)
    return layers.Softmax(name="probability")(layers.Add()([shape, timing]))
