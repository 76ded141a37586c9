"""Stage `evaluate PROTOCOL MODEL`: score the predictions of the test beats.

python -m stages.evaluate inter_patient cnn
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from arrhythmia import paths
from arrhythmia.ecg.beats import Beats, load_beats
from arrhythmia.ecg.records import read_recording
from arrhythmia.errors import DataError
from arrhythmia.evaluation import curves
from arrhythmia.evaluation.mistakes import confident_mistakes, worst_records
from arrhythmia.evaluation.scorecard import scorecard
from arrhythmia.evaluation.tables import evaluation_tables
from arrhythmia.figures import scores as score_figures
from arrhythmia.figures import strips
from arrhythmia.figures.records import records_map
from arrhythmia.figures.style import save_png
from arrhythmia.figures.worst_records import excerpt, worst_figure
from arrhythmia.params import load_params
from arrhythmia.protocols import PROTOCOLS
from arrhythmia.scoring import metrics
from arrhythmia.titles import figure_title
from arrhythmia.utils.files import load_arrays, write_text
from arrhythmia.utils.progress import tracked
from stages.run import run


def main(protocol: str, model: str) -> None:
    """Write the metrics of a model, and its tables and figures."""
    settings = load_params()["evaluate"]
    predictions = load_arrays(paths.predictions(protocol, model))
    probability = predictions["probability"].astype(float)
    beats, test = load_beats(paths.BEATS), load_arrays(paths.split(protocol))["test"]
    label, record, source = beats.label[test], beats.record[test], str(beats.source)
    try:
        card = scorecard(
            label,
            probability,
            record,
            protocol=PROTOCOLS[protocol],
            source=source,
            parameters=int(predictions["parameters"]),
            **settings,
        )
    except DataError as error:
        raise DataError(f"{model}, {protocol}: {error}") from error
    tables = evaluation_tables(label, probability, beats.symbol[test], record)
    title = figure_title(protocol, model, source)
    for name, table in tables.items():
        write_table(paths.tables(protocol, model) / f"{name}.csv", table)
    figures = scores_figures(label, probability, title=title)
    figures["records"] = records_map(tables["records"], title=title)
    figures |= mistakes_figures(beats, test, probability, title=title)
    for name, figure in tracked(figures.items(), f"{model} {protocol}", "figures"):
        save_png(paths.figures(protocol, model) / f"{name}.png", figure)
    write_text(paths.metrics(protocol, model), json.dumps(card, indent=2, allow_nan=False) + "\n")
    print(f"{model} {protocol}: {len(test)} test beats, {', '.join(said(card))}")


def said(card: dict) -> list[str]:
    """Return the scores that people look at first, as text."""
    f1 = {f"F1 of {name}": card["classes"][name]["f1"] for name in "SV"}
    known = {"accuracy": card["accuracy"], **f1}
    return [f"{name} {value:.3f}" for name, value in known.items() if value is not None]


def scores_figures(label: np.ndarray, probability: np.ndarray, *, title: str) -> dict[str, Figure]:
    """Draw what needs no more than `(m,)` labels and `(m, 5)` probabilities; returns figures by name."""
    bins = metrics.reliability(label, probability)
    return {
        "confusion": score_figures.confusion_matrix(
            metrics.confusion(label, probability.argmax(axis=1)), title=title
        ),
        "curves": score_figures.class_curves(
            curves.precision_recall(label, probability), curves.roc(label, probability), title=title
        ),
        "reliability": score_figures.reliability_diagram(
            bins, error=metrics.calibration_error(bins), title=title
        ),
        "risk_coverage": score_figures.risk_coverage_curves(
            metrics.risk_coverage(label, probability), title=title
        ),
    }


def mistakes_figures(
    beats: Beats, test: np.ndarray, probability: np.ndarray, *, title: str
) -> dict[str, Figure]:
    """Draw the most confident mistakes and, where there are recordings, the worst records.

    Args:
        beats: all beats.
        test: `(m,)` row numbers of the test beats.
        probability: `(m, 5)` their predicted probabilities.
        title: heading.
    """
    label, record = beats.label[test], beats.record[test]
    chosen = confident_mistakes(label, probability, record)
    shown = mistake_strips(beats, test[chosen], probability[chosen])
    figures = {"mistakes": strips.gallery(shown, title=f"{title}: most confident mistakes")}
    if (beats.sample[test] >= 0).all():
        figures["worst_records"] = worst_records_figure(beats, test, probability.argmax(axis=1), title=title)
    return figures


def mistake_strips(beats: Beats, rows: np.ndarray, probability: np.ndarray) -> list[strips.Strip]:
    """Return a strip for each of the `(k,)` rows: of the recording, or the beat's window if there is none."""
    recorded = beats.sample[rows] >= 0
    names = [str(name) for name in np.unique(beats.record[rows[recorded]])]
    recordings = {name: read_recording(paths.RAW, name) for name in names}
    shown = []
    for row, guess in zip(rows, probability, strict=True):
        mistake = strips.describe(int(beats.label[row]), guess)
        if beats.sample[row] < 0:
            shown.append(strips.window_strip(beats, row, mistake))
        else:
            recording = recordings[str(beats.record[row])]
            shown.append(strips.recording_strip(recording, int(beats.sample[row]), mistake))
    return shown


def worst_records_figure(beats: Beats, test: np.ndarray, predicted: np.ndarray, *, title: str) -> Figure:
    """Draw the records with the most mistakes, each with a piece of its ECG."""
    record, label = beats.record[test], beats.label[test]
    excerpts = []
    for name in worst_records(record, label != predicted):
        chosen = record == name
        recording = read_recording(paths.RAW, name)
        sample = beats.sample[test[chosen]]
        excerpts.append(excerpt(recording, sample, label[chosen], predicted[chosen]))
    return worst_figure(excerpts, title=f"{title}: records with the most mistakes")


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV with five decimals."""
    write_text(path, table.to_csv(index=False, float_format="%.5f", lineterminator="\n"))


if __name__ == "__main__":
    run(main)
