"""The tables of an evaluation, which DVC draws and people read: predictions in, data frames out."""

import numpy as np
import pandas as pd

from arrhythmia.aami import CLASSES
from arrhythmia.evaluation import curves
from arrhythmia.evaluation.scorecard import records_table
from arrhythmia.evaluation.symbols import symbols_table
from arrhythmia.scoring import ec57, metrics


def evaluation_tables(
    label: np.ndarray, probability: np.ndarray, symbol: np.ndarray, record: np.ndarray
) -> dict[str, pd.DataFrame]:
    """Return the tables of the test beats by name.

    Args:
        label: `(m,)` labels 0..4.
        probability: `(m, 5)` predicted probabilities.
        symbol: `(m,)` annotation symbols; empty where the source does not tell.
        record: `(m,)` names of the records.
    """
    predicted = probability.argmax(axis=1)
    classes = np.array(CLASSES)
    precision_recall, roc = curves.precision_recall(label, probability), curves.roc(label, probability)
    tables = {
        "classes": pd.DataFrame({"actual": classes[label], "predicted": classes[predicted]}),
        "precision_recall": curves.table(precision_recall, x="recall", y="precision"),
        "roc": curves.table(roc, x="fpr", y="tpr"),
        "reliability": pd.DataFrame(metrics.reliability(label, probability)).query("beats > 0"),
        "risk_coverage": pd.DataFrame(metrics.risk_coverage(label, probability)),
        "symbols": symbols_table(symbol, label, predicted),
    }
    names, counts = metrics.confusion_by_record(label, predicted, record)
    return tables | {"records": records_table(names, counts), "ec57": ec57.table(names, counts)}
