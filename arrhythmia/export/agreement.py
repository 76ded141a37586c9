"""How far an exported network's answers are from those of the Keras model."""

import numpy as np

from arrhythmia.scoring.metrics import confusion, macro_f1


def agreement(label: np.ndarray, expected: np.ndarray, answer: np.ndarray, classes: str) -> dict[str, float]:
    """Return the share of equal decisions, the change of macro-F1, the largest difference of a probability.

    Args:
        label: `(m,)` labels 0..4 of the test beats.
        expected: `(m, 5)` probabilities by Keras.
        answer: `(m, 5)` probabilities of the exported network.
        classes: those that macro-F1 averages over, such as "NSVF".
    """
    before, after = expected.argmax(axis=1), answer.argmax(axis=1)
    change = macro_f1(confusion(label, after), classes) - macro_f1(confusion(label, before), classes)
    return {
        "equal_decisions": round(float((before == after).mean()), 5),
        "macro_f1_change": round(float(change), 5) + 0.0,  # never -0.0
        "largest_difference": round(float(np.abs(expected - answer).max()), 3),
    }
