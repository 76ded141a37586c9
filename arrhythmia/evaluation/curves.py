"""Precision-recall and ROC curves, each class against the rest."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from arrhythmia.aami import CLASSES

POINTS = 200
"""Most points kept of a curve: more cannot be seen, and the tables are kept in git."""


@dataclass(frozen=True)
class Curve:
    """A curve of one class against the rest.

    Attributes:
        name: the class.
        x: `(p,)` recall, or false positive rate; at most `POINTS` points.
        y: `(p,)` precision, or true positive rate.
        area: average precision, or area under the ROC curve, of the whole curve.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    area: float


def precision_recall(label: np.ndarray, probability: np.ndarray) -> list[Curve]:
    """Return precision (`y`) over recall (`x`) of each class that has beats, and beats beside it.

    Args:
        label: `(m,)` labels 0..4.
        probability: `(m, 5)`.
    """
    curves = []
    for name, actual, score in _against_the_rest(label, probability):
        precision, recall, _ = precision_recall_curve(actual, score, drop_intermediate=True)
        x, y = thin(recall[::-1], precision[::-1])
        curves.append(Curve(name, x, y, float(average_precision_score(actual, score))))
    return curves


def roc(label: np.ndarray, probability: np.ndarray) -> list[Curve]:
    """Return the true (`y`) over the false positive rate (`x`); arguments as for `precision_recall`."""
    curves = []
    for name, actual, score in _against_the_rest(label, probability):
        false_positive, true_positive, _ = roc_curve(actual, score)
        x, y = thin(false_positive, true_positive)
        curves.append(Curve(name, x, y, float(roc_auc_score(actual, score))))
    return curves


def table(curves: list[Curve], *, x: str, y: str) -> pd.DataFrame:
    """Return the points of all curves, with the columns `class` and those named by `x` and `y`."""
    points = [(curve.name, *point) for curve in curves for point in zip(curve.x, curve.y, strict=True)]
    return pd.DataFrame(points, columns=["class", x, y])


def thin(x: np.ndarray, y: np.ndarray, points: int = POINTS) -> tuple[np.ndarray, np.ndarray]:
    """Keep at most `points` points of a curve, evenly spread along its path; always both ends.

    Args:
        x: `(p,)` first coordinate.
        y: `(p,)` second coordinate.
        points: most points to keep.
    """
    path = np.concatenate([[0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))])
    kept = np.unique(np.searchsorted(path, np.linspace(0, path[-1], points)))
    return x[kept], y[kept]


def _against_the_rest(label: np.ndarray, probability: np.ndarray) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Return name, `(m,)` bool membership and `(m,)` score of each class with beats inside and outside."""
    member = label[:, np.newaxis] == np.arange(len(CLASSES))  # (m, 5)
    drawable = member.any(axis=0) & ~member.all(axis=0)
    return [(CLASSES[k], member[:, k], probability[:, k]) for k in np.flatnonzero(drawable)]
