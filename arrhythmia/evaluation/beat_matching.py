"""Which detected beat belongs to which reference beat, by ANSI/AAMI EC57: at most 150 ms apart."""

import numpy as np
from wfdb.processing import compare_annotations

from arrhythmia.aami import LABELS
from arrhythmia.scoring.ec57 import EXTRA, MISSED

WINDOW = 0.15
"""Greatest distance of a pair, s (EC57)."""


def beat_by_beat(
    sample: np.ndarray, symbol: np.ndarray, found: np.ndarray, label: np.ndarray, fs: float
) -> np.ndarray:
    """Count the pairs of reference and prediction, missed and extra beats.

    Ventricular flutter, from `[` to `]`, is left out on both sides, as EC57 does. Escape beats e and
    j are in N.

    Args:
        sample: `(m,)` positions of all reference annotations, in samples.
        symbol: `(m,)` their symbols.
        found: `(n,)` positions of the predicted beats, ascending.
        label: `(n,)` predicted labels 0..4.
        fs: sampling rate, Hz.

    Returns:
        `(6, 6)` counts as `ec57.table` takes them: the reference along the rows, row 5 extra,
        column 5 missed.
    """
    flutter = ventricular_flutter_spans(sample, symbol)
    wanted = np.isin(symbol, list(LABELS)) & ~_within(sample, flutter)
    reference, actual = sample[wanted], np.array([LABELS[s] for s in symbol[wanted]], dtype=int)
    kept = ~_within(found, flutter)
    found, label = found[kept], label[kept].astype(int)
    counts = np.zeros((EXTRA + 1, MISSED + 1), dtype=int)
    if len(reference) == 0 or len(found) == 0:
        np.add.at(counts, (actual, MISSED), 1)
        np.add.at(counts, (EXTRA, label), 1)
        return counts
    width = int(WINDOW * fs) + 1  # it wants pairs closer than that
    partner = compare_annotations(reference, found, width).matching_sample_nums
    paired = partner >= 0
    np.add.at(counts, (actual[paired], label[partner[paired]]), 1)
    np.add.at(counts, (actual[~paired], MISSED), 1)
    extra = np.setdiff1d(np.arange(len(found)), partner[paired])
    np.add.at(counts, (EXTRA, label[extra]), 1)
    return counts


def ventricular_flutter_spans(sample: np.ndarray, symbol: np.ndarray) -> list[tuple[int, int]]:
    """Return first and last sample of each stretch of ventricular flutter; an open one lasts to the end."""
    spans, start = [], None
    for at, what in zip(sample, symbol, strict=True):
        if what == "[" and start is None:
            start = at
        elif what == "]" and start is not None:
            spans.append((start, at))
            start = None
    return spans if start is None else [*spans, (start, np.iinfo(np.int64).max)]


def _within(sample: np.ndarray, spans: list[tuple[int, int]]) -> np.ndarray:
    inside = np.zeros(len(sample), dtype=bool)
    for first, last in spans:
        inside |= (sample >= first) & (sample <= last)
    return inside
