"""Calibration: a temperature, fitted on beats that the network has not learnt from."""

from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from arrhythmia.errors import DataError
from arrhythmia.protocols import Protocol
from arrhythmia.scoring.summary import cv_metrics
from arrhythmia.utils.rounding import to_digits

LIMITS = (0.05, 20.0)
"""Least and greatest temperature: logits without a mistake would drive it to 0."""

DIGITS = 5
"""Significant digits of a temperature; the search ends at a millionth of it."""


def fit_temperature(logits: np.ndarray, label: np.ndarray) -> float:
    """Find the temperature with the lowest mean log loss of `temperature_scaled` (Guo 2017, ICML).

    It changes how sure the network says it is, never which class it names. Offsets for each class or
    thresholds, fitted too, would change that, and did so for the worse on patients not seen in the fit
    (docs/selection.md).

    Args:
        logits: `(n, 5)`, finite.
        label: `(n,)` labels 0..4.

    Returns:
        The temperature, to `DIGITS` digits.

    Raises:
        DataError: there are no beats, or a logit is not finite.
    """
    logits, label = np.asarray(logits, dtype=float), np.asarray(label)
    if len(label) == 0 or not np.isfinite(logits).all():
        raise DataError(f"calibration: needs finite logits of at least one beat, got {len(label)} beats")

    def loss(log_temperature: float) -> float:
        log_probability = log_softmax(logits / np.exp(log_temperature), axis=1)
        return -log_probability[np.arange(len(label)), label].mean()

    found = minimize_scalar(loss, bounds=np.log(LIMITS), method="bounded", options={"xatol": 1e-6})
    return to_digits(np.exp(found.x), DIGITS)


def temperature_scaled(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Return the probabilities softmax(logits / temperature), `(n, 5)`."""
    return softmax(np.asarray(logits, dtype=float) / temperature, axis=1)


def cross_calibrated(logits: np.ndarray, label: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Return probabilities with each fold calibrated by the others, or by itself if it is the only one."""
    probability = np.empty(logits.shape)
    for number in np.unique(fold):
        rows = fold == number
        others = rows if rows.all() else ~rows
        probability[rows] = temperature_scaled(logits[rows], fit_temperature(logits[others], label[others]))
    return probability


def held_out_scores(
    logits: np.ndarray, label: np.ndarray, fold: np.ndarray, *, protocol: Protocol, members: int
) -> tuple[float, np.ndarray, dict[str, Any]]:
    """Calibrate a model by its held-out beats, and score it on them.

    Args:
        logits: `(n, 5)`, of each beat by the network that has not learnt from its fold.
        label: `(n,)` labels 0..4.
        fold: `(n,)` fold of each beat.
        protocol: one of `PROTOCOLS`.
        members: number of networks in the model.

    Returns:
        The temperature by all beats, their probabilities from `cross_calibrated`, `(n, 5)`, and the scores
        of these.
    """
    temperature, probability = fit_temperature(logits, label), cross_calibrated(logits, label, fold)
    scores = cv_metrics(label, probability, protocol=protocol, members=members, temperature=temperature)
    return temperature, probability, scores
