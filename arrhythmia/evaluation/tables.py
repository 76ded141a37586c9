"""The tables of an evaluation, which DVC draws and people read: predictions in, data frames out."""

import numpy as np
import pandas as pd

from arrhythmia.aami import CLASSES
from arrhythmia.evaluation import curves
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


def records_table(names: np.ndarray, by_record: np.ndarray) -> pd.DataFrame:
    """Return one row a record: its beats, their classes, accuracy, and how S and V fare.

    Args:
        names: `(r,)` records.
        by_record: `(r, 5, 5)` confusion counts.

    Returns:
        Columns `record`, `beats`, the beats of each class, `accuracy`, and for S and V sensitivity and
        positive predictivity (EC57) and F1; NaN where the record has no beat to tell.
    """
    classes, rates = metrics.per_class(by_record), ec57.rates(by_record)
    columns = {"record": names, "beats": by_record.sum((-2, -1))}
    columns |= {name: classes["support"][:, k] for k, name in enumerate(CLASSES)}
    columns["accuracy"] = metrics.accuracy(by_record)
    for name in "SV":
        k = CLASSES.index(name)
        columns[f"{name}_sensitivity"] = rates[name]["sensitivity"]
        columns[f"{name}_positive_predictivity"] = rates[name]["positive_predictivity"]
        columns[f"{name}_f1"] = np.where(classes["support"][:, k] > 0, classes["f1"][:, k], np.nan)
    return pd.DataFrame(columns)
