"""Scores of the rhythm network on simulated patients, stratum by stratum."""

import numpy as np

from arrhythmia.aami import CLASSES, Q
from arrhythmia.scoring import metrics
from arrhythmia.scoring.summary import plain
from arrhythmia.scoring.support import MIN_SUPPORT


def strata_scores(label: np.ndarray, probability: np.ndarray, stratum: np.ndarray) -> dict[str, dict]:
    """Return the F1 of S and V and the log loss of each stratum, their mean, and the worst.

    False detections, which carry the label Q, are left out, and so is Q as an answer.

    Args:
        label: `(m,)` labels 0..4 of the beats of all patients.
        probability: `(m, 5)`.
        stratum: `(m,)` name of the stratum of each beat's patient.

    Returns:
        By stratum, and under `mean` and `worst`: `f1_S`, `f1_V` (None where there are hardly such beats) and
        `log_loss`, ready for JSON.
    """
    probability = np.delete(probability, Q, axis=1)
    probability = np.insert(probability / probability.sum(axis=1, keepdims=True), Q, 0, axis=1)
    scores = {}
    for name in dict.fromkeys(stratum):
        rows = (stratum == name) & (label != Q)
        found = metrics.per_class(metrics.confusion(label[rows], probability[rows].argmax(axis=1)))
        f1 = np.where(found["support"] >= MIN_SUPPORT, found["f1"], np.nan)
        scores[str(name)] = {f"f1_{c}": f1[CLASSES.index(c)] for c in "SV"} | {
            "log_loss": metrics.log_loss(label[rows], probability[rows])
        }
    mean, worst = {}, {}
    for key, extreme in (("f1_S", min), ("f1_V", min), ("log_loss", max)):
        known = [of[key] for of in scores.values() if np.isfinite(of[key])] or [np.nan]
        mean[key], worst[key] = np.mean(known), extreme(known)
    return plain(scores | {"mean": mean, "worst": worst})
