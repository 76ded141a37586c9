"""Measures of a beat's shape, most of them relative to the template of the same patient."""

import numpy as np

from arrhythmia.features.template import correlation, relative_to_record
from arrhythmia.utils.chunks import in_blocks

FEATURES = ("qrs_width", "qrs_correlation", "qrs_rmse", "qrs_area_ratio", "p_wave_correlation")
"""Names of the shape features, in the order of their columns."""

QRS = (0.1, 0.15)
"""Time before and after the R peak that holds the QRS complex, also a wide one, s."""

SHIFT = 0.032
"""How far the two complexes are moved against each other to find where they match best, s."""

P_WAVE = (0.26, 0.07)
"""Times before the R peak between which the P wave lies, s: after the last T wave, before the Q wave."""

P_WAVE_BEATS = 20
"""Beats on either side whose P waves count too: one alone drowns in noise, and atrial fibrillation lasts."""


def shape_features(
    waveform: np.ndarray, template: np.ndarray, record: np.ndarray, fs: float, r_index: int
) -> np.ndarray:
    """Compare the QRS complex and the P wave of each beat with those of the patient's template beat.

    A beat that starts in a ventricle takes another way through the heart: its complex is wide (de Chazal
    2004) and unlike the others of the patient. A supraventricular beat is premature but alike. None of the
    measures depends much on the lead or on the patient's own shape. All but the width are our own.
    Whether a beat may be supraventricular at all, its atria tell: in fibrillation no P wave is like another.

    - qrs_width = `qrs_width` relative to the record's median
    - qrs_correlation = highest correlation of the two complexes within a shift of 32 ms, -1..1
    - qrs_rmse = root mean square of their difference, relative to the template's peak-to-peak amplitude
    - qrs_area_ratio = ln of the ratio of the areas under the absolute complexes
    - p_wave_correlation = `p_wave_correlation`, its mean over this beat and up to 20 on either side

    All need the whole record, because of the template, but no label; not causal.

    Args:
        waveform: `(n, length)` in any unit.
        template: `(n, length)` from `template_beat`.
        record: `(n,)` name of each beat's record.
        fs: sampling rate of the waveform, Hz.
        r_index: column of the R peak.

    Returns:
        `(n, 5)` float32; NaN where the record is unknown, qrs_correlation also where a complex is flat, and
        p_wave_correlation where the window begins too late.
    """
    width = in_blocks(lambda x: qrs_width(x, fs, r_index), waveform)
    compared = in_blocks(lambda x, y: _compare(x, y, fs, r_index), waveform, template)
    match = in_blocks(lambda x, y: p_wave_correlation(x, y, fs, r_index), waveform, template)
    columns = np.column_stack([relative_to_record(width, record), compared, mean_around(match, record)])
    return np.where((record != "")[:, None], columns, np.nan).astype(np.float32)


def _compare(waveform: np.ndarray, template: np.ndarray, fs: float, r_index: int) -> np.ndarray:
    """Return qrs_correlation, qrs_rmse and qrs_area_ratio of each row, `(n, 3)`."""
    centred = waveform - np.median(waveform, axis=1, keepdims=True)
    centred_template = template - np.median(template, axis=1, keepdims=True)
    length = waveform.shape[1]
    first, last = max(r_index - round(QRS[0] * fs), 0), min(r_index + round(QRS[1] * fs), length)
    complex_, template_complex = centred[:, first:last], centred_template[:, first:last]
    shift = round(SHIFT * fs)
    shifts = range(-min(shift, first), min(shift, length - last) + 1)
    matches = [correlation(centred[:, first + k : last + k], template_complex) for k in shifts]
    amplitude = np.ptp(template_complex, axis=1)
    amplitude = np.where(amplitude > 0, amplitude, 1.0)
    columns = [
        np.max(matches, axis=0),
        np.sqrt(np.mean((complex_ - template_complex) ** 2, axis=1)) / amplitude,
        np.log((area(complex_) + 0.01 * amplitude) / (area(template_complex) + 0.01 * amplitude)),
    ]
    return np.stack(columns, axis=1)


def p_wave_correlation(waveform: np.ndarray, template: np.ndarray, fs: float, r_index: int) -> np.ndarray:
    """Correlate what lies where the P wave should be, less its slope, with the same of the template beat.

    Args:
        waveform: `(n, length)` in any unit.
        template: `(n, length)` from `template_beat`.
        fs: sampling rate of the waveform, Hz.
        r_index: column of the R peak.

    Returns:
        `(n,)` -1..1; NaN where one of the two is flat, and if the window begins after the P wave does.
    """
    first, last = r_index - round(P_WAVE[0] * fs), r_index - round(P_WAVE[1] * fs)
    if first < 0:
        return np.full(len(waveform), np.nan)
    waveform, template = waveform[:, first:last], template[:, first:last]
    slope = np.linspace(-1, 1, last - first)

    def without_slope(x: np.ndarray) -> np.ndarray:
        x = x - x.mean(axis=1, keepdims=True)
        return x - (x @ slope / (slope @ slope))[:, None] * slope

    flat = (np.ptp(waveform, axis=1) == 0) | (np.ptp(template, axis=1) == 0)  # else rounding errors correlate
    return np.where(flat, np.nan, correlation(without_slope(waveform), without_slope(template)))


def mean_around(value: np.ndarray, record: np.ndarray) -> np.ndarray:
    """Return the mean of the known values of each beat and of `P_WAVE_BEATS` on either side in its record.

    Args:
        value: `(n,)` in any unit, NaN where unknown; the beats of a record in their order.
        record: `(n,)` name of each beat's record.

    Returns:
        `(n,)` float; NaN where none of them is known.
    """
    mean = np.empty(len(value))
    for name in np.unique(record):
        rows = np.flatnonzero(record == name)
        known = np.isfinite(value[rows])
        total = np.concatenate([[0], np.cumsum(np.where(known, value[rows], 0))])
        count = np.concatenate([[0], np.cumsum(known)])
        beat = np.arange(len(rows))
        first, end = np.maximum(beat - P_WAVE_BEATS, 0), np.minimum(beat + P_WAVE_BEATS + 1, len(rows))
        number = count[end] - count[first]
        mean[rows] = np.where(number > 0, (total[end] - total[first]) / np.maximum(number, 1), np.nan)
    return mean


def area(waveform: np.ndarray) -> np.ndarray:
    """Return the mean absolute value of each row, `(n,)`."""
    return np.abs(waveform).mean(axis=1)


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
