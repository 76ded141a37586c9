"""Stage `train_cnn PROTOCOL`: train the convolutional network.

python -m stages.train_cnn inter_patient
"""

from stages.run import run
from stages.train import train


def main(protocol: str) -> None:
    """Train the CNN under `protocol`."""
    train("cnn", protocol, builders)


def builders() -> dict:
    """Import the functions that build the networks, and return them by name."""
    from arrhythmia.classic import CNNS
    from arrhythmia.cnn import build_cnn

    return {"residual": build_cnn, **CNNS}


if __name__ == "__main__":
    run(main)
