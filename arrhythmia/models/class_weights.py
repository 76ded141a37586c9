"""How much a beat of a rare class counts in a fit."""

import numpy as np

from arrhythmia.aami import CLASSES


def class_weights(label: np.ndarray, power: float) -> np.ndarray:
    """Return a weight for each class: inverse frequency to a power, with mean 1 over the beats.

    Args:
        label: `(n,)` classes.
        power: 0 gives no weighting, 1 balances the classes.

    Returns:
        `(5,)` float; 0 for a class without beats.
    """
    count = np.bincount(label, minlength=len(CLASSES)).astype(float)
    weight = np.where(count > 0, np.maximum(count, 1) ** -power, 0.0)
    return weight * len(label) / (weight @ count)
