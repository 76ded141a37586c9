"""What a metrics file holds: predictions in, plain numbers out."""

from typing import Any

import numpy as np

from arrhythmia.aami import CLASSES
from arrhythmia.errors import DataError
from arrhythmia.evaluation import bootstrap
from arrhythmia.protocols import Protocol
from arrhythmia.scoring import ec57, metrics
from arrhythmia.scoring.summary import headline, plain
from arrhythmia.scoring.support import MIN_SUPPORT

CONVENTION = "e and j in N (as de Chazal 2004, unlike EC57); S false positives are Ns+Vs+Fs"

REJECTED = (1, 5, 10, 20)
"""Percentages of the beats, the least certain ones, for which the error of the rest is a metric."""


def scorecard(
    label: np.ndarray,
    probability: np.ndarray,
    record: np.ndarray,
    *,
    protocol: Protocol,
    source: str,
    parameters: int,
    seed: int,
    replicates: int,
) -> dict[str, Any]:
    """Return the scores of one model on the test beats, ready for JSON.

    Args:
        label: `(m,)` labels 0..4.
        probability: `(m, 5)` predicted probabilities; the largest one is the predicted class.
        record: `(m,)` record of each beat.
        protocol: one of `PROTOCOLS`.
        source: where the recordings come from.
        parameters: number of parameters of the model.
        seed: of the bootstrap.
        replicates: resamples of the bootstrap.

    Returns:
        Nested dict of str, int and float (five decimals); None where a score is undefined.

    Raises:
        DataError: a probability is not a number.
    """
    if not np.isfinite(probability).all():
        rows = int((~np.isfinite(probability)).any(axis=1).sum())
        raise DataError(
            f"{rows} of {len(label)} predictions are not numbers; train again with a lower train.lr"
        )
    predicted = probability.argmax(axis=1)
    names, by_record = metrics.confusion_by_record(label, predicted, record)
    counts = by_record.sum(0)
    scores = headline(counts, protocol.classes)
    resamples = resample(by_record, protocol, seed=seed, replicates=replicates)
    card = {
        "source": source,
        "convention": CONVENTION,
        "macro_f1_classes": protocol.classes,
        "parameters": parameters,
        "beats": len(label),
        **{key: scores[key] for key in ("accuracy", "macro_f1", "macro_f1_nsv", "j_kappa")},
        "ece": metrics.calibration_error(metrics.reliability(label, probability)),
        "log_loss": metrics.log_loss(label, probability),
        "risk_coverage": _risk_coverage(label, probability),
        "classes": _by_class(counts),
        "ec57": ec57.rates(counts),
        "ci95": {"resampled": protocol.resampled, **intervals(resamples, protocol.classes)},
    }
    if protocol.resampled == "records":
        card["by_record"] = mean_by_record(by_record, seed=seed, replicates=replicates)
    known = [name for name in protocol.without if name in names]
    left_out = {name: _without(names != name, by_record, protocol) for name in known}
    return plain(card | ({"without": left_out} if left_out else {}))


def resample(by_record: np.ndarray, protocol: Protocol, *, seed: int, replicates: int) -> np.ndarray:
    """Return `(replicates, 5, 5)` bootstrap resamples of the `(r, 5, 5)` confusion counts."""
    rng = np.random.default_rng(seed)
    if protocol.resampled == "records":
        return bootstrap.by_record(by_record, replicates=replicates, rng=rng)
    return bootstrap.by_beat(by_record.sum(0), replicates=replicates, rng=rng)


def intervals(resamples: np.ndarray, classes: str) -> dict[str, dict[str, float]]:
    """Return `low` and `high` end of the 95 % interval of each headline score."""
    ends = {key: bootstrap.interval(values) for key, values in headline(resamples, classes).items()}
    return {key: {"low": low, "high": high} for key, (low, high) in ends.items()}


def mean_by_record(by_record: np.ndarray, *, seed: int, replicates: int) -> dict[str, dict[str, float]]:
    """Return the mean F1 of S and V over records, in which no single record decides.

    Args:
        by_record: `(r, 5, 5)` confusion counts.
        seed: of the bootstrap.
        replicates: resamples of the bootstrap, of records with replacement.

    Returns:
        For S and V `f1`, mean over the records with at least `MIN_SUPPORT` such beats, `low` and `high` end
        of its 95 % interval, and `records`, their number; NaN where there is none.
    """
    scores, found = metrics.per_class(by_record), {}
    for name in "SV":
        k = CLASSES.index(name)
        f1 = scores["f1"][scores["support"][:, k] >= MIN_SUPPORT, k]
        drawn = np.random.default_rng(seed).integers(max(len(f1), 1), size=(replicates, len(f1)))
        low, high = bootstrap.interval(f1[drawn].mean(axis=1)) if len(f1) else (np.nan, np.nan)
        mean = f1.mean() if len(f1) else np.nan
        found[name] = {"f1": mean, "low": low, "high": high, "records": len(f1)}
    return found


def _by_class(counts: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    scores = metrics.per_class(counts)
    return {name: {key: values[k] for key, values in scores.items()} for k, name in enumerate(CLASSES)}


def _risk_coverage(label: np.ndarray, probability: np.ndarray) -> dict[str, np.ndarray]:
    error = metrics.risk_coverage(label, probability, np.array(REJECTED) / 100)["error"]
    return {f"error_rejecting_{p}_percent": value for p, value in zip(REJECTED, error, strict=True)}


def _without(kept: np.ndarray, by_record: np.ndarray, protocol: Protocol) -> dict[str, np.ndarray]:
    scores = headline(by_record[kept].sum(0), protocol.classes)
    return {key: scores[key] for key in ("macro_f1", "macro_f1_nsv", "j_kappa", "f1_S", "f1_V")}
