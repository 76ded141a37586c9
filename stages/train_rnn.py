"""Stage `train_rnn PROTOCOL`: train the recurrent network.

python -m stages.train_rnn inter_patient
"""

from stages.run import run
from stages.train import train


def main(protocol: str) -> None:
    """Train the RNN under `protocol`."""

    def builder():
        from arrhythmia.rnn import build_rnn

        return build_rnn

    train("rnn", protocol, builder)


if __name__ == "__main__":
    run(main)
