"""Calibration: a temperature and one offset a class, fitted on beats that the network has not learnt from.

C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural networks", ICML 2017: the
temperature, and the offset of their vector scaling; J. Platt, "Probabilistic outputs for support vector
machines", 1999, for two classes.
"""

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from arrhythmia.aami import CLASSES
from arrhythmia.errors import DataError

PULL = 1e-3
"""Weight of the squared offsets beside the mean log loss. Weak, but it keeps the offsets finite, and a class
that makes up less than this share of the beats cannot be raised by much: a few beats of one patient do not
tell how common it is in others."""

SHARPNESS = (0.05, 20.0)
"""Least and greatest 1 / temperature: logits that separate the classes would drive it to infinity."""


def fit_calibration(
    logits: np.ndarray, label: np.ndarray, group: np.ndarray | None = None
) -> tuple[float, np.ndarray]:
    """Find the temperature and offsets with the lowest mean log loss of `calibrated`.

    The problem is convex in 1 / temperature and the offsets, so there is one answer. Offsets of the classes
    among `label` sum to 0 and are pulled towards 0 (`PULL`); a class that `label` lacks keeps offset 0.

    Args:
        logits: `(n, 5)`, such as log-probabilities; finite.
        label: `(n,)` labels 0..4.
        group: `(n,)` such as the record: each weighs the same, however many beats it has. None: each beat
            does.

    Returns:
        The temperature, between 0.05 and 20, and the `(5,)` offsets. Their loss is at most that of the logits
        as they are.

    Raises:
        DataError: there are no beats, or a logit is not finite.
    """
    logits, label = np.asarray(logits, dtype=float), np.asarray(label)
    if len(label) == 0 or not np.isfinite(logits).all():
        raise DataError(f"calibration: needs finite logits of at least one beat, got {len(label)} beats")
    weight = _weights(label, group)
    actual = np.eye(len(CLASSES))[label]  # (n, 5)
    present = actual.any(axis=0).astype(float)
    # A constant added to all offsets changes nothing, and one added to those present only would make the
    # absent classes ever less likely: the projection leaves neither way open.
    centre = np.diag(present) - np.outer(present, present) / present.sum()

    def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
        bias = centre @ x[1:]
        log_probability = log_softmax(x[0] * logits + bias, axis=1)
        value = -weight @ (log_probability * actual).sum(axis=1) + PULL / 2 * bias @ bias
        slope = weight[:, np.newaxis] * (np.exp(log_probability) - actual)  # (n, 5) by the logits
        return value, np.array([(slope * logits).sum(), *(centre @ (slope.sum(axis=0) + PULL * bias))])

    start = np.array([1.0, *np.zeros(len(CLASSES))])
    bounds = [SHARPNESS] + [(None, None)] * len(CLASSES)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-12})
    return float(1 / found.x[0]), centre @ found.x[1:]


def calibrated(logits: np.ndarray, temperature: float, bias: np.ndarray) -> np.ndarray:
    """Return the probabilities softmax(logits / temperature + bias), `(n, 5)`.

    Args:
        logits: `(n, 5)`, such as log-probabilities.
        temperature: above 0; more than 1 makes the probabilities less certain.
        bias: `(5,)` offset of each class.
    """
    return softmax(np.asarray(logits, dtype=float) / temperature + bias, axis=1)


def _weights(label: np.ndarray, group: np.ndarray | None) -> np.ndarray:
    """Return the weight of each beat, `(n,)`; they sum to 1."""
    if group is None:
        return np.full(len(label), 1 / len(label))
    _, place, beats = np.unique(group, return_inverse=True, return_counts=True)
    return 1 / (len(beats) * beats[place])
