"""From the signal of a recorder to an ECG at the common rate, in which the beats are found and cut out."""

from dataclasses import dataclass

import numpy as np

from arrhythmia.ecg import detection
from arrhythmia.ecg.filtering import FS, MAINS, filtered, resampled
from arrhythmia.ecg.gaps import lost_spans, stretches, without_gaps

SHORTEST = 1.0
"""A stretch of signal between lost spans that is shorter, s, is lost too: filters cannot settle in it."""

EDGE = 0.1
"""A complex closer to the start or the end of a stretch, s, is cut by it."""


@dataclass(frozen=True)
class Conditioned:
    """An ECG, or a piece of one, at `FS`.

    Attributes:
        signal: `(n,)` float64, mV, from `filtering.filtered`; 0 where it is lost.
        hum: `(2, n)` float64, mV, what was taken out at each of `filtering.MAINS`.
        wander: `(n,)` float64, mV, what was taken out below the band of the ECG.
        slope: `(n,)` float64, mV/s, from `detection.qrs_slope`; 0 where it is lost.
        known: `(n,)` bool, where there is signal.
    """

    signal: np.ndarray
    hum: np.ndarray
    wander: np.ndarray
    slope: np.ndarray
    known: np.ndarray


def condition(signal: np.ndarray, fs: float) -> Conditioned:
    """Bring an ECG to the common rate and filter each stretch between lost spans by itself.

    Args:
        signal: `(n,)` mV, NaN where it is missing.
        fs: sampling rate, Hz.
    """
    at_fs = resampled(without_gaps(signal), fs)
    n = len(at_fs)
    known = np.ones(n, dtype=bool)
    for start, stop in np.round(lost_spans(signal, fs) * FS / fs).astype(int):
        known[start:stop] = False
    made = Conditioned(
        *(np.zeros(shape) for shape in (n, (len(MAINS), n), n, n)), known=np.zeros(n, dtype=bool)
    )
    for start, stop in stretches(known, SHORTEST * FS):
        parts = filtered(at_fs[start:stop])
        made.signal[start:stop], made.hum[:, start:stop], made.wander[start:stop] = parts
        made.slope[start:stop] = detection.qrs_slope(parts.signal)
        made.known[start:stop] = True
    return made


def detect_beats(ecg: Conditioned) -> np.ndarray:
    """Return the R peaks, `(m,)` int64, ascending, in samples at `FS`; complexes cut by an edge are none."""
    found = detection.find_complexes(ecg.slope, ecg.known)
    edge = round(EDGE * FS)
    found = found[(found >= edge) & (found < len(ecg.known) - edge)]
    lost = np.concatenate([[0], np.cumsum(~ecg.known)])  # samples before each
    return detection.r_peaks(ecg.signal, found[lost[found - edge] == lost[found + edge + 1]])


def annotated_beats(ecg: Conditioned, sample: np.ndarray, fs: float) -> np.ndarray:
    """Return the R peak of each annotated beat, as detection would place it, `(m,)` int64, samples at `FS`.

    Args:
        ecg: the recording.
        sample: `(m,)` positions of the annotations, in samples at `fs`.
        fs: sampling rate of the recording, Hz.
    """
    position = np.round(sample * FS / fs).astype(np.int64).clip(0, max(len(ecg.signal) - 1, 0))
    return detection.r_peaks(ecg.signal, detection.steepest_near(ecg.slope, position))
