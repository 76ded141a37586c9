"""Where a recording holds no signal: samples that are missing, and lines that stand still."""

import numpy as np

HIDES_A_BEAT = 0.1
"""Length of missing signal that may hide a QRS complex, s."""

STILL = 1.0
"""Length of signal without any change, s, that no ECG has: an electrode is off, or the recorder at its
limit."""


def lost_spans(signal: np.ndarray, fs: float) -> np.ndarray:
    """Return where signal is lost: missing for long enough to hide a beat, or still.

    Args:
        signal: `(n,)` mV, NaN where it is missing.
        fs: sampling rate, Hz.

    Returns:
        `(k, 2)` int64, in samples, ascending: the first of each span, and the one after its last.
    """
    missing = ~np.isfinite(signal)
    still = np.concatenate([np.diff(without_gaps(signal)) == 0, [False]]) if len(signal) else missing
    lost = np.zeros(len(signal), dtype=bool)
    for start, stop in stretches(missing, HIDES_A_BEAT * fs):
        lost[start:stop] = True
    for start, stop in stretches(still, STILL * fs):
        lost[start : stop + 1] = True
    return stretches(lost, 1)


def without_gaps(signal: np.ndarray) -> np.ndarray:
    """Return `signal` with missing samples on a straight line between those around; 0 if all are missing."""
    known = np.isfinite(signal)
    if known.all():
        return signal
    if not known.any():
        return np.zeros_like(signal)
    places = np.arange(len(signal))
    return np.interp(places, places[known], signal[known]).astype(signal.dtype)


def stretches(member: np.ndarray, least: float) -> np.ndarray:
    """Return start and stop of each run of True in `(n,)` of at least `least` samples, `(k, 2)` int64."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], member.astype(np.int8), [0]])))
    spans = edges.reshape(-1, 2)
    return spans[spans[:, 1] - spans[:, 0] >= least]


def clipped_share(signal: np.ndarray) -> float:
    """Return the share of samples of `(n,)` mV that equal their neighbour and the highest or the lowest."""
    known = signal[np.isfinite(signal)]
    if len(known) == 0:
        return 0.0
    extreme = (known == known.min()) | (known == known.max())
    return float((extreme[1:] & (np.diff(known) == 0)).sum() / len(known))
