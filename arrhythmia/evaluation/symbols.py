"""How the annotation symbols fare: a class such as N holds beats of quite different kinds."""

import numpy as np
import pandas as pd

from arrhythmia.aami import CLASSES, SYMBOLS
from arrhythmia.ecg.annotations import SYMBOL_MEANINGS
from arrhythmia.scoring import metrics
from arrhythmia.scoring.ec57 import ratio


def symbols_table(symbol: np.ndarray, label: np.ndarray, predicted: np.ndarray) -> pd.DataFrame:
    """Count the predicted classes of the beats of each annotation symbol.

    Args:
        symbol: `(m,)` annotation symbols; empty where the source does not tell.
        label: `(m,)` labels 0..4.
        predicted: `(m,)` labels 0..4.

    Returns:
        One row a symbol that has beats, in the order of the classes; columns `symbol`, its `meaning` (in the
        words of the WFDB annotation codes), `class`, `beats`, the share of them that are classified so
        (`recall`), and how many are classified as each of `N S V F Q`.
    """
    rows = []
    for k, name in enumerate(CLASSES):
        for mark in [*SYMBOLS[name], ""]:
            chosen = (symbol == mark) & (label == k)
            counts = metrics.confusion(label[chosen], predicted[chosen])[k]
            recall = ratio(counts[k], counts.sum())
            rows.append([mark, SYMBOL_MEANINGS.get(mark, ""), name, counts.sum(), recall, *counts])
    table = pd.DataFrame(rows, columns=["symbol", "meaning", "class", "beats", "recall", *CLASSES])
    return table.query("beats > 0").astype({"recall": float}).reset_index(drop=True)
