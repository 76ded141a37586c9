"""Stage `train_rnn PROTOCOL`: train the recurrent network.

python -m stages.train_rnn inter_patient
"""

from arrhythmia.training.cross_validation import train
from stages.run import run


def main(protocol: str) -> None:
    """Train the RNN under `protocol`."""
    train("rnn", protocol, builders)


def builders() -> dict:
    """Import the functions that build the networks, and return them by name."""
    from arrhythmia.models.rnn import NETWORKS

    return NETWORKS


if __name__ == "__main__":
    run(main)
