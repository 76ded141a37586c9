"""The functions that build the networks of a model."""

from collections.abc import Callable


def networks_of(name: str) -> dict[str, Callable]:
    """Import the functions that build the networks of `cnn` or `rnn`, and return them by name.

    Each stage `train_*` has an import of its own instead, so that a change of one network trains no other.
    Call it where the runtime is prepared, because importing Keras starts TensorFlow.
    """
    if name == "cnn":
        from arrhythmia.models.cnn import NETWORKS
    else:
        from arrhythmia.models.rnn import NETWORKS
    return NETWORKS
