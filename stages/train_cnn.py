"""Stage `train_cnn PROTOCOL`: train the convolutional network.

python -m stages.train_cnn inter_patient
"""

from stages.run import run
from stages.train import train


def main(protocol: str) -> None:
    """Train the CNN under `protocol`."""

    def builder():
        from arrhythmia.cnn import build_cnn

        return build_cnn

    train("cnn", protocol, builder)


if __name__ == "__main__":
    run(main)
