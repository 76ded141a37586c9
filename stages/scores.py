"""What `evaluate` and `baseline` share: from the test beats' probabilities to metrics and plots."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from arrhythmia import paths
from arrhythmia.aami import CLASSES
from arrhythmia.ecg.beats import Beats
from arrhythmia.ecg.records import read_recording
from arrhythmia.errors import DataError
from arrhythmia.evaluation import curves
from arrhythmia.evaluation.scorecard import records_table, scorecard
from arrhythmia.evaluation.symbols import symbols_table
from arrhythmia.figures.evaluation import (
    class_curves,
    confusion_matrix,
    reliability_diagram,
    selective_curves,
)
from arrhythmia.figures.records import records_map
from arrhythmia.figures.strips import (
    Strip,
    confident_mistakes,
    describe,
    gallery,
    recording_strip,
    window_strip,
)
from arrhythmia.figures.style import save_png
from arrhythmia.figures.worst_records import excerpt, worst_figure, worst_records
from arrhythmia.protocols import RULES, heading
from arrhythmia.scoring import ec57, metrics
from arrhythmia.utils.files import write_text


def write_scores(
    protocol: str,
    name: str,
    *,
    beats: Beats,
    test: np.ndarray,
    probability: np.ndarray,
    parameters: int,
    seed: int,
    replicates: int,
) -> None:
    """Write the metrics file of a model, and its pictures and tables.

    Args:
        protocol: `intra_patient` or `inter_patient`.
        name: of the model, such as `cnn`.
        beats: all beats.
        test: `(m,)` row numbers of the test beats.
        probability: `(m, 5)` predicted probabilities of the test beats.
        parameters: number of parameters of the model.
        seed: of the bootstrap.
        replicates: resamples of the bootstrap.

    Raises:
        DataError: a probability is not a number.
    """
    label, record, source = beats.label[test], beats.record[test], str(beats.source)
    try:
        card = scorecard(
            label,
            probability,
            record,
            rules=RULES[protocol],
            source=source,
            parameters=parameters,
            seed=seed,
            replicates=replicates,
        )
    except DataError as error:
        raise DataError(f"{name}, {protocol}: {error}") from error
    pictures, tables = paths.pictures(protocol, name), paths.tables(protocol, name)
    title = heading(protocol, name, source)
    _write_predictions(pictures, tables, label, probability, title=title)
    if (record != "").all():
        _write_records(pictures, tables, label, probability, record, title=title)
    predicted = probability.argmax(axis=1)
    _write_table(tables / "symbols.csv", symbols_table(beats.symbol[test], label, predicted))
    _write_gallery(pictures, beats, test, probability, title=title)
    if (beats.sample[test] >= 0).all():
        _write_worst_records(pictures, beats, test, predicted, title=title)
    text = json.dumps(card, indent=2, allow_nan=False)
    write_text(paths.metrics(protocol, name), text + "\n")


def _write_predictions(
    pictures: Path, tables: Path, label: np.ndarray, probability: np.ndarray, *, title: str
) -> None:
    """Write what needs no more than labels and probabilities."""
    predicted = probability.argmax(axis=1)
    classes = np.array(CLASSES)
    _write_table(
        tables / "classes.csv", pd.DataFrame({"actual": classes[label], "predicted": classes[predicted]})
    )
    counts = metrics.confusion(label, predicted)
    save_png(pictures / "confusion.png", confusion_matrix(counts, title=title))

    precision_recall, roc = curves.precision_recall(label, probability), curves.roc(label, probability)
    _write_table(tables / "precision_recall.csv", curves.table(precision_recall, x="recall", y="precision"))
    _write_table(tables / "roc.csv", curves.table(roc, x="fpr", y="tpr"))
    save_png(pictures / "curves.png", class_curves(precision_recall, roc, title=title))

    bins = metrics.reliability(label, probability)
    _write_table(tables / "reliability.csv", pd.DataFrame(bins).query("beats > 0"))
    diagram = reliability_diagram(bins, error=metrics.calibration_error(bins), title=title)
    save_png(pictures / "reliability.png", diagram)

    curve = metrics.selective(label, probability)
    _write_table(tables / "selective.csv", pd.DataFrame(curve))
    save_png(pictures / "selective.png", selective_curves(curve, title=title))


def _write_records(
    pictures: Path,
    tables: Path,
    label: np.ndarray,
    probability: np.ndarray,
    record: np.ndarray,
    *,
    title: str,
) -> None:
    """Write what is counted by record."""
    names, counts = metrics.confusion_by_record(label, probability.argmax(axis=1), record)
    table = records_table(names, counts)
    _write_table(tables / "records.csv", table)
    save_png(pictures / "records.png", records_map(table, title=title))
    _write_table(tables / "ec57.csv", ec57.table(names, counts))


def _write_gallery(
    pictures: Path, beats: Beats, test: np.ndarray, probability: np.ndarray, *, title: str
) -> None:
    """Write the most confident mistakes, with the ECG around them where there are recordings."""
    record = beats.record[test]
    group = np.where(record == "", np.arange(len(test)).astype(str), record)
    chosen = confident_mistakes(beats.label[test], probability, group)
    strips = _strips(beats, test[chosen], probability[chosen])
    save_png(pictures / "mistakes.png", gallery(strips, title=f"{title}: most confident mistakes"))


def _strips(beats: Beats, rows: np.ndarray, probability: np.ndarray) -> list[Strip]:
    """Return a strip for each of the `(k,)` rows: of the recording, or the beat's window if there is none."""
    recorded = beats.sample[rows] >= 0
    names = [str(name) for name in np.unique(beats.record[rows[recorded]])]
    recordings = {name: read_recording(paths.RAW, name) for name in names}
    strips = []
    for row, guess in zip(rows, probability, strict=True):
        mistake = describe(int(beats.label[row]), guess)
        if beats.sample[row] < 0:
            strips.append(window_strip(beats, row, mistake))
        else:
            recording = recordings[str(beats.record[row])]
            strips.append(recording_strip(recording, int(beats.sample[row]), mistake))
    return strips


def _write_worst_records(
    pictures: Path, beats: Beats, test: np.ndarray, predicted: np.ndarray, *, title: str
) -> None:
    """Write the records with the most mistakes, each with a piece of its ECG."""
    record, label = beats.record[test], beats.label[test]
    excerpts = []
    for name in worst_records(record, label != predicted):
        chosen = record == name
        recording = read_recording(paths.RAW, name)
        excerpts.append(excerpt(recording, beats.sample[test[chosen]], label[chosen], predicted[chosen]))
    figure = worst_figure(excerpts, title=f"{title}: records with the most mistakes")
    save_png(pictures / "worst_records.png", figure)


def _write_table(path: Path, table: pd.DataFrame) -> None:
    write_text(path, table.to_csv(index=False, float_format="%.5f", lineterminator="\n"))
