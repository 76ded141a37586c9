"""The nearest training beat of each test beat: plain copying, which shows what a split lets leak."""

import numpy as np

BLOCK = 1024
"""Test beats compared at a time; their distances from 90,000 training beats take 370 MB."""


def nearest(waveform: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the row of `known` that is nearest to each beat, by Euclidean distance.

    Args:
        waveform: `(n, length)` float32, any unit.
        known: `(m, length)` float32, the same unit; at least one row.

    Returns:
        `(n,)` int64: rows of `known`; of equally near ones the first.
    """
    half = (known * known).sum(axis=1) / 2  # |a - b|² / 2 without |a|² / 2, which is the same for all b
    blocks = range(0, len(waveform), BLOCK)
    found = [(half - waveform[start : start + BLOCK] @ known.T).argmin(axis=1) for start in blocks]
    return np.concatenate([np.zeros(0, dtype=int), *found])


def nearest_of_other_patients(
    waveform: np.ndarray, known: np.ndarray, patient: np.ndarray, known_patient: np.ndarray
) -> np.ndarray:
    """Return the row of `known` that is nearest to each beat, among those of other patients.

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
        found[own] = others[nearest(waveform[own], known[others])]
    return found
