"""Measures of a beat's shape."""

import numpy as np


def qrs_width(waveform: np.ndarray, fs: float, r_index: int) -> np.ndarray:
    """Estimate the width of each QRS complex from its amplitude.

    The width is the time, within 150 ms of the R peak, during which the ECG is further from its median than
    0.4 of the farthest point: narrow complexes are back at the baseline soon. The median is that of the whole
    window, so the end of the window must be waited for.

    Args:
        waveform: `(n, length)` in any unit.
        fs: sampling rate of the waveform, Hz.
        r_index: column of the R peak.

    Returns:
        `(n,)` float, s; 0 for a flat beat.
    """
    reach = int(0.15 * fs)
    deflection = np.abs(waveform - np.median(waveform, axis=1, keepdims=True))
    deflection = deflection[:, max(r_index - reach, 0) : r_index + reach + 1]
    return (deflection > 0.4 * deflection.max(axis=1, keepdims=True)).sum(axis=1) / fs


def relative_to_record(value: np.ndarray, record: np.ndarray) -> np.ndarray:
    """Divide each value by the median of its record. Needs the whole record but no label; not causal.

    Args:
        value: `(n,)` in any unit.
        record: `(n,)` name of each beat's record.

    Returns:
        `(n,)` float; unchanged in a record with median 0, NaN where the record is unknown.
    """
    names, index = np.unique(record, return_inverse=True)
    median = np.array([np.median(value[index == i]) for i in range(len(names))])
    return np.where(record == "", np.nan, value / np.where(median > 0, median, 1.0)[index])
