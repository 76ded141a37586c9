"""Scores computed from confusion counts and from predicted probabilities.

Everything that works on confusion counts takes stacks of them, `(..., 5, 5)` with the actual class along the
rows, so that a bootstrap scores thousands of resamples in one call.
"""

import numpy as np
import sklearn.metrics

from arrhythmia.aami import CLASSES, Q
from arrhythmia.scoring import ec57
from arrhythmia.scoring.ec57 import ratio

BINS = 15
"""Bins of the calibration error (Guo et al. 2017, "On calibration of modern neural networks", ICML)."""

SHARES = np.linspace(0, 0.5, 101)
"""Shares of rejected beats of the risk-coverage curve."""


def confusion(actual: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Count the beats of each pair of actual and predicted class.

    Args:
        actual: `(m,)` labels 0..4.
        predicted: `(m,)` labels 0..4.

    Returns:
        `(5, 5)` int64 counts, the actual class along the rows.
    """
    size = len(CLASSES)
    pair = size * np.asarray(actual, dtype=np.int64) + np.asarray(predicted, dtype=np.int64)
    return np.bincount(pair, minlength=size * size).reshape(size, size)


def confusion_by_record(
    actual: np.ndarray, predicted: np.ndarray, record: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Count the beats of each pair of classes, each record by itself.

    Args:
        actual: `(m,)` labels 0..4.
        predicted: `(m,)` labels 0..4.
        record: `(m,)` name of the record of each beat.

    Returns:
        `(r,)` names of the records, sorted, and `(r, 5, 5)` int64 counts.
    """
    names = np.unique(record)
    chosen = [record == name for name in names]
    return names, np.stack([confusion(actual[rows], predicted[rows]) for rows in chosen])


def per_class(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Return `precision`, `recall`, `f1` and `support` of each class, `(..., 5)` each.

    Precision is NaN for a class that was never predicted, recall for one without beats. F1 is
    2 TP / (2 TP + FP + FN), which is 0 in both cases; 0 too, by convention, where all three are 0.
    """
    hit = np.diagonal(counts, axis1=-2, axis2=-1)
    support, predicted = counts.sum(-1), counts.sum(-2)
    return {
        "precision": ratio(hit, predicted),
        "recall": ratio(hit, support),
        "f1": np.nan_to_num(ratio(2 * hit, support + predicted)),
        "support": support,
    }


def accuracy(counts: np.ndarray) -> np.ndarray:
    """Return the share of beats put in their class, `(...)`; NaN without beats."""
    return ratio(np.trace(counts, axis1=-2, axis2=-1), counts.sum((-2, -1)))


def macro_f1(counts: np.ndarray, classes: str) -> np.ndarray:
    """Return the mean F1 over `classes` (such as `"NSVF"`), `(...)`; a class without beats counts as 0."""
    return per_class(counts)["f1"][..., [CLASSES.index(name) for name in classes]].mean(-1)


def kappa(counts: np.ndarray) -> np.ndarray:
    """Return Cohen's kappa over the beats whose actual class is N, S, V or F, `(...)`.

    Such a beat predicted as Q is a disagreement like any other. 0 where kappa is undefined because
    every beat is of one class and predicted as that class.
    """
    named = counts.astype(float)
    named[..., Q, :] = 0
    total = named.sum((-2, -1))
    observed = ratio(np.trace(named, axis1=-2, axis2=-1), total)
    by_chance = ratio((named.sum(-1) * named.sum(-2)).sum(-1), total**2)
    return np.nan_to_num(ratio(observed - by_chance, 1 - by_chance))


def j_index(counts: np.ndarray) -> np.ndarray:
    """Return the sum of EC57 sensitivity and positive predictivity of S and of V, 0 to 4, `(...)`.

    An undefined term (nothing predicted as S, say) counts as 0.
    """
    rates = ec57.rates(counts)
    terms = [rates[name][key] for name in "SV" for key in ("sensitivity", "positive_predictivity")]
    return np.nan_to_num(terms).sum(0)


def j_kappa(counts: np.ndarray) -> np.ndarray:
    """Return kappa / 2 + j / 8, at most 1, `(...)`.

    Mar et al. 2011, "Optimization of ECG classification by means of feature selection", IEEE Trans Biomed
    Eng 58(8):2168-2177.
    """
    return kappa(counts) / 2 + j_index(counts) / 8


def log_loss(label: np.ndarray, probability: np.ndarray) -> float:
    """Return the mean negative log-probability (nats) of the actual class.

    Args:
        label: `(m,)` labels 0..4.
        probability: `(m, 5)`; a zero is read as the smallest step of float64, 2e-16.
    """
    probability = np.asarray(probability, dtype=float)
    probability = probability / probability.sum(axis=1, keepdims=True)  # float32 sums miss 1 by rounding
    return float(sklearn.metrics.log_loss(label, probability, labels=range(len(CLASSES))))


def reliability(label: np.ndarray, probability: np.ndarray) -> dict[str, np.ndarray]:
    """Compare confidence, the probability of the predicted class, with accuracy in equal-width bins.

    Args:
        label: `(m,)` labels 0..4.
        probability: `(m, 5)`.

    Returns:
        `(15,)` each: `low` and `high` edge of the bin, `beats` in it, and their mean `confidence` and
        `accuracy`, NaN in an empty bin. A bin holds its high edge, not its low one.
    """
    confidence = np.asarray(probability, dtype=float).max(axis=1)
    correct = probability.argmax(axis=1) == label
    edge = np.linspace(0, 1, BINS + 1)
    place = np.clip(np.searchsorted(edge, confidence) - 1, 0, BINS - 1)
    beats = np.bincount(place, minlength=BINS)
    return {
        "low": edge[:-1],
        "high": edge[1:],
        "beats": beats,
        "confidence": ratio(np.bincount(place, weights=confidence, minlength=BINS), beats),
        "accuracy": ratio(np.bincount(place, weights=correct, minlength=BINS), beats),
    }


def calibration_error(bins: dict[str, np.ndarray]) -> float:
    """Return the expected calibration error of a `reliability` table (Guo et al. 2017)."""
    gap = np.nan_to_num(np.abs(bins["accuracy"] - bins["confidence"]))
    return float((gap * bins["beats"]).sum() / bins["beats"].sum())


def risk_coverage(
    label: np.ndarray, probability: np.ndarray, shares: np.ndarray = SHARES
) -> dict[str, np.ndarray]:
    """Score the beats that are kept when the least certain ones are rejected, that is, left to a human.

    The curve of risk over coverage of Geifman & El-Yaniv 2017, "Selective classification for deep neural
    networks" (NeurIPS), with the probability of the predicted class as the measure of certainty.

    Args:
        label: `(m,)` labels 0..4.
        probability: `(m, 5)`; of equally certain beats the later ones are rejected first.
        shares: `(k,)` rejection rates, 0..1, rising; a rate stands for whole beats.

    Returns:
        `(k,)` each: `rejected` (the rates), and for the beats kept `error`, the share that is misclassified,
        and `macro_f1_nsv`; NaN where there are none.
    """
    order = np.argsort(-probability.max(axis=1), kind="stable")
    kept = len(label) - np.round(np.asarray(shares) * len(label)).astype(int)
    actual, predicted = label[order], probability.argmax(axis=1)[order]
    counts = np.stack([confusion(actual[:beats], predicted[:beats]) for beats in kept])
    return {
        "rejected": np.asarray(shares),
        "error": 1 - accuracy(counts),
        "macro_f1_nsv": np.where(kept > 0, macro_f1(counts, "NSV"), np.nan),
    }
