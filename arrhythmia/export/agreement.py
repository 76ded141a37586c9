"""How far an exported network's answers are from those of the Keras model."""

import numpy as np

from arrhythmia.scoring.metrics import confusion, macro_f1


def agreement(expected: np.ndarray, answer: np.ndarray) -> dict[str, float]:
    """Return the share of equal decisions, and the largest difference of a probability.

    Args:
        expected: `(m, 5)` probabilities by Keras.
        answer: `(m, 5)` probabilities of the exported network.
    """
    equal = expected.argmax(axis=1) == answer.argmax(axis=1)
    return {
        "equal_decisions": round(float(equal.mean()), 5),
        "largest_difference": round(float(np.abs(expected - answer).max()), 3),
    }


def macro_f1_change(label: np.ndarray, expected: np.ndarray, answer: np.ndarray, classes: str) -> float:
    """Return by how much macro-F1 is greater with the exported network.

    Args:
        label: `(m,)` labels 0..4 of the test beats.
        expected: as in `agreement`.
        answer: as in `agreement`.
        classes: those that macro-F1 averages over, such as "NSVF".
    """
    before, after = (macro_f1(confusion(label, p.argmax(axis=1)), classes) for p in (expected, answer))
    return round(float(after - before), 5) + 0.0  # never -0.0
