"""The protocols, models and sources there are: how each is divided and scored."""

from dataclasses import dataclass
from typing import Any

from arrhythmia.aami import DS1, DS2, SYNTHETIC_DS1, SYNTHETIC_DS2


@dataclass(frozen=True)
class Protocol:
    """How the scores of a protocol are counted.

    Attributes:
        classes: the classes `macro_f1` averages over.
        out_of_fold: whether the beats to test are those to train, each scored by the network that has not
            seen its patient.
        resampled: what the bootstrap draws, `records` or `beats`.
        without: records to leave out, one at a time, to show what hangs on them.
    """

    classes: str
    out_of_fold: bool
    resampled: str
    without: tuple[str, ...]


PROTOCOLS = {
    "intra_patient": Protocol(classes="NSVFQ", out_of_fold=False, resampled="beats", without=()),
    # Paced records are out and 7 Q beats are left, so Q has no score worth averaging. Record 202 is of the
    # same patient as 201 in the training records, and 232 holds three quarters of the S beats.
    "inter_patient": Protocol(classes="NSVF", out_of_fold=False, resampled="records", without=("202", "232")),
    "all_patients": Protocol(classes="NSVFQ", out_of_fold=True, resampled="records", without=("232",)),
}

NETWORKS = ("cnn", "rnn")

MODELS = (*NETWORKS, "forest")
"""The models of the pipeline, in the order of the report."""

ARGUMENTS = {"protocol": tuple(PROTOCOLS), "network": NETWORKS, "model": MODELS}
"""What the arguments of a stage may be, by the name of the parameter of its `main`."""


@dataclass(frozen=True)
class Source:
    """Where the beats come from.

    Attributes:
        name: what people call it.
        training: records to train on under the inter-patient protocol; none if patients are not told apart.
        testing: records to test on.
    """

    name: str
    training: tuple[str, ...] = ()
    testing: tuple[str, ...] = ()


SOURCES = {
    "physionet": Source("MIT-BIH recordings", DS1, DS2),
    "synthetic": Source("synthetic recordings", SYNTHETIC_DS1, SYNTHETIC_DS2),
    "kaggle": Source("Kaggle files"),
}
"""The values of `download.source`."""


def of_protocol(params: dict[str, Any], protocol: str) -> dict[str, Any]:
    """Return a group of parameters with those that differ between protocols chosen for `protocol`."""
    return {
        key: value.get(protocol, value["inter_patient"]) if isinstance(value, dict) else value
        for key, value in params.items()
    }
