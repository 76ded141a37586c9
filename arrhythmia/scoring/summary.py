"""Scores in numbers that JSON can hold: what is counted on held-out training beats, and on test beats."""

import math
from typing import Any

import numpy as np

from arrhythmia.aami import S, V
from arrhythmia.protocols import Protocol
from arrhythmia.scoring import metrics

DECIMALS = 5


def cv_metrics(
    label: np.ndarray,
    probability: np.ndarray,
    *,
    protocol: Protocol,
    members: int | None = None,
    temperature: float | None = None,
) -> dict[str, Any]:
    """Return the scores on held-out training beats, ready for JSON.

    Args:
        label: `(m,)` labels 0..4.
        probability: `(m, 5)` probabilities of models that have not learnt from the beat.
        protocol: one of `PROTOCOLS`.
        members: number of networks of an ensemble, each with a fold of its own held out.
        temperature: of their calibration.
    """
    counts = metrics.confusion(label, probability.argmax(axis=1))
    scores = {
        "beats": len(label),
        "ensemble_size": members,
        **headline(counts, protocol.classes),
        "ece": metrics.calibration_error(metrics.reliability(label, probability)),
        "log_loss": metrics.log_loss(label, probability),
        "temperature": temperature,
    }
    return plain({name: score for name, score in scores.items() if score is not None})


def headline(counts: np.ndarray, classes: str) -> dict[str, np.ndarray]:
    """Return the scores that get an interval, `(...)` each.

    Args:
        counts: `(..., 5, 5)` confusion counts.
        classes: the classes `macro_f1` averages over.
    """
    f1 = metrics.per_class(counts)["f1"]
    return {
        "accuracy": metrics.accuracy(counts),
        "macro_f1": metrics.macro_f1(counts, classes),
        "macro_f1_nsv": metrics.macro_f1(counts, "NSV"),
        "j_kappa": metrics.j_kappa(counts),
        "f1_S": f1[..., S],
        "f1_V": f1[..., V],
    }


def plain(value: Any) -> Any:
    """Turn arrays of one number into rounded Python numbers, and NaN, which JSON lacks, into None."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, str | int):
        return value
    number = value.item() if isinstance(value, np.ndarray | np.generic) else value
    if isinstance(number, int):
        return number
    return None if math.isnan(number) else round(number, DECIMALS)
