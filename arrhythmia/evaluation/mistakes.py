"""Which mistakes are shown: the most confident ones, the records with most, and where in a record."""

import numpy as np
import pandas as pd

MISTAKES = 12
OF_A_RECORD = 2
"""Most beats among the mistakes that are shown, in all and of one record."""

RECORDS = 4
"""Most records that are shown."""


def confident_mistakes(label: np.ndarray, probability: np.ndarray, record: np.ndarray) -> np.ndarray:
    """Return which beats were misclassified with the highest probability, at most `MISTAKES`.

    Args:
        label: `(m,)` labels 0..4.
        probability: `(m, 5)`.
        record: `(m,)` record of each beat: at most `OF_A_RECORD` are taken of each, or one with a strange
            morphology would fill the gallery.

    Returns:
        Row numbers, most confident first; equally confident ones in their order.
    """
    confidence = probability.max(axis=1)
    wrong = np.flatnonzero(probability.argmax(axis=1) != label)
    wrong = wrong[np.argsort(-confidence[wrong], kind="stable")]
    rank = pd.Series(wrong).groupby(record[wrong]).cumcount().to_numpy()
    return wrong[rank < OF_A_RECORD][:MISTAKES]


def worst_records(record: np.ndarray, wrong: np.ndarray) -> list[str]:
    """Return the records with the most wrong beats, the worst first, at most `RECORDS`.

    Args:
        record: `(m,)` record of each test beat.
        wrong: `(m,)` bool.
    """
    names, mistakes = np.unique(record[wrong], return_counts=True)
    return [str(name) for name in names[np.argsort(-mistakes, kind="stable")][:RECORDS]]


def densest(sample: np.ndarray, width: int) -> int:
    """Return the middle of the first run of most positions that fit into `width`.

    Args:
        sample: `(t,)` positions, at least one, in any order.
        width: same unit.
    """
    sample = np.sort(sample)
    end = np.searchsorted(sample, sample + width)
    first = int((end - np.arange(len(sample))).argmax())
    return int(sample[first] + sample[end[first] - 1]) // 2
