"""The part that both networks share: rhythm joins the waveform's summary, and five probabilities come out."""

import keras
from keras import layers

from arrhythmia.aami import CLASSES


def classify(summary, rhythm, *, dense: int, dropout: float):
    """Join the summary of the waveform with the rhythm features and classify.

    Args:
        summary: `(batch, channels)` tensor, the waveform's summary.
        rhythm: `(batch, features)` tensor, the rhythm input.
        dense: units of the hidden layers; one sees rhythm alone, one everything.
        dropout: share of the units dropped in training, 0..1.

    Returns:
        `(batch, 5)` tensor of probabilities.
    """
    # The rhythm gets units of its own first: six numbers beside dozens of channels are easily ignored.
    timing = layers.Dense(dense, activation="relu")(rhythm)  # (batch, dense)
    joined = layers.Concatenate()([layers.Dropout(dropout)(summary), timing])
    hidden = layers.Dense(dense, activation="relu")(joined)  # (batch, dense)
    hidden = layers.Dropout(dropout)(hidden)
    return layers.Dense(len(CLASSES), activation="softmax", name="probability")(hidden)  # (batch, 5)


def inputs(length: int, features: int):
    """Return the two inputs: `waveform (batch, length)` and `rhythm (batch, features)`."""
    return keras.Input((length,), name="waveform"), keras.Input((features,), name="rhythm")
