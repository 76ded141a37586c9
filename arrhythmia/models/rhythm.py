"""The rhythm network: a temporal convolutional network over the beats of a record."""

from collections.abc import Sequence

import keras
from keras import layers

from arrhythmia.aami import CLASSES
from arrhythmia.models.layers import BN_MOMENTUM

WIDTH = 3
"""Width of a convolution: a beat and, `dilation` beats away, one on either side."""


def build_rhythm(entries: int, *, filters: int, dilations: Sequence[int], dropout: float) -> keras.Model:
    """Build a temporal convolutional network (Bai et al. 2018, arXiv:1803.01271), not causal.

    Residual blocks of dilated convolutions read ever more beats on either side, 512 with dilations 1, 2, 4
    to 256.
    Every beat of a record is classified at once, and a record may have any number of beats.

    Args:
        entries: of a token, see `features.tokens`.
        filters: channels of every convolution.
        dilations: of the blocks, in their order.
        dropout: share of units dropped at the end of each block, 0..1.

    Input shape:
        `tokens (batch, beats, entries)`

    Output shape:
        `(batch, beats, 5)` probabilities
    """
    tokens = keras.Input((None, entries), name="tokens")
    x = layers.Conv1D(filters, WIDTH, padding="same")(tokens)
    for dilation in dilations:
        block = layers.BatchNormalization(momentum=BN_MOMENTUM)(x)
        block = layers.Conv1D(filters, WIDTH, padding="same", dilation_rate=dilation, activation="relu")(
            block
        )
        block = layers.Conv1D(filters, 1)(block)
        x = layers.Add()([x, layers.Dropout(dropout)(block)])
    x = layers.Conv1D(filters, 1, activation="relu")(x)
    logits = layers.Conv1D(len(CLASSES), 1, name="logits")(layers.Dropout(dropout)(x))
    return keras.Model(tokens, layers.Softmax(name="probability")(logits), name="rhythm")
