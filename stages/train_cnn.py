"""Stage `train_cnn PROTOCOL`: train the convolutional network.

python -m stages.train_cnn inter_patient
"""

from arrhythmia.training.cross_validation import train
from stages.run import run


def main(protocol: str) -> None:
    """Train the CNN under `protocol`."""
    train("cnn", protocol, builders)


def builders() -> dict:
    """Import the functions that build the networks, and return them by name."""
    from arrhythmia.models.cnn import NETWORKS

    return NETWORKS


if __name__ == "__main__":
    run(main)
