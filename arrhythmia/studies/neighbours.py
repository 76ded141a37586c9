"""How far copying the nearest training beat gets on the Kaggle windows: experiments/results/neighbours.csv.

arrhythmia study neighbours                 # a few minutes on the recordings in data/raw

No model, no training: each test beat takes the class of the training beat whose 187 numbers are nearest.
"""

import numpy as np
import pandas as pd
from sklearn.metrics import pairwise_distances_argmin

from arrhythmia import paths
from arrhythmia.aami import DS1, DS2
from arrhythmia.command_line import command_parser
from arrhythmia.datasets.kaggle import load_test_fold
from arrhythmia.ecg.beats import Beats
from arrhythmia.kaggle.export import file_rows
from arrhythmia.kaggle.windows import kaggle_beats
from arrhythmia.preprocessing.splits import patients_of
from arrhythmia.scoring import metrics
from arrhythmia.scoring.summary import headline
from arrhythmia.utils.files import write_text

CLASSES_SCORED = {"Kaggle files": "NSVFQ", "DS1 to DS2": "NSVF"}
"""Over which classes macro-F1 is the mean, as in the metrics of the two protocols."""

SCORES = ("accuracy", "macro_f1", "macro_f1_nsv", "f1_S", "f1_V")


def main(argv: list[str]) -> None:
    """Write one row a way to divide the beats."""
    command_parser("study neighbours", __doc__).parse_args(argv)
    beats = kaggle_beats(paths.RAW)
    waveform = beats.waveform
    train, test = file_rows(beats, load_test_fold()).values()
    patient = patients_of(beats.record)
    copied = train[pairwise_distances_argmin(waveform[test], waveform[train])]
    rows = [row_of("Kaggle files", "any", beats, test, copied)]
    copied = train[nearest_of_other_patients(waveform[test], waveform[train], patient[test], patient[train])]
    rows.append(row_of("Kaggle files", "other patients", beats, test, copied))
    train, test = (np.flatnonzero(np.isin(beats.record, side)) for side in (DS1, DS2))
    copied = train[pairwise_distances_argmin(waveform[test], waveform[train])]
    rows.append(row_of("DS1 to DS2", "any", beats, test, copied))
    table = pd.DataFrame(rows)
    write_text(paths.NEIGHBOURS, table.to_csv(index=False, float_format="%.5f", lineterminator="\n"))
    print(table.to_string(index=False, float_format="%.4f"))


def nearest_of_other_patients(
    waveform: np.ndarray, known: np.ndarray, patient: np.ndarray, known_patient: np.ndarray
) -> np.ndarray:
    """Return the row of `known` that is nearest to each beat by Euclidean distance, of another patient.

    Args:
        waveform: `(n, length)` float32.
        known: `(m, length)` float32; of two patients at the least.
        patient: `(n,)` str.
        known_patient: `(m,)` str.

    Returns:
        `(n,)` int64: rows of `known`.
    """
    found = np.zeros(len(waveform), dtype=int)
    for name in np.unique(patient):
        own, others = patient == name, np.flatnonzero(known_patient != name)
        found[own] = others[pairwise_distances_argmin(waveform[own], known[others])]
    return found


def row_of(
    division: str, among: str, beats: Beats, test: np.ndarray, copied: np.ndarray
) -> dict[str, str | int | float]:
    """Score the copying of classes.

    Args:
        division: how the beats were divided, a key of `CLASSES_SCORED`.
        among: which training beats could be copied.
        beats: all beats.
        test: `(m,)` rows of the test beats.
        copied: `(m,)` rows of the training beats they took their class from.
    """
    counts = metrics.confusion(beats.label[test], beats.label[copied])
    scores = headline(counts, CLASSES_SCORED[division])
    return {
        "division": division,
        "copied_among": among,
        "test_beats": len(test),
        "same_record": (beats.record[test] == beats.record[copied]).mean(),
        **{name: float(scores[name]) for name in SCORES},
    }
