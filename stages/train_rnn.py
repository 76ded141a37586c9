"""Stage `train_rnn PROTOCOL`: train the recurrent network.

python -m stages.train_rnn inter_patient
"""

from stages.run import run
from stages.train import train


def main(protocol: str) -> None:
    """Train the RNN under `protocol`."""
    train("rnn", protocol, builders)


def builders() -> dict:
    """Import the functions that build the networks, and return them by name."""
    from arrhythmia.classic import RNNS
    from arrhythmia.rnn import build_rnn

    return {"patches": build_rnn, **RNNS}


if __name__ == "__main__":
    run(main)
