"""Finding the beats of a recording that nobody has annotated, and the R peak of those that are."""

import numpy as np
from scipy.ndimage import gaussian_filter1d, uniform_filter1d
from scipy.signal import find_peaks, sosfiltfilt

from arrhythmia.ecg.filtering import FS, butterworth

QRS_BAND = (5.0, 18.0)
"""Frequencies that tell QRS complexes from P and T waves and from noise, Hz."""

QRS_LENGTH = 0.13
"""Time over which the slope of a complex is gathered, s: that of a wide one."""

SMOOTHING = 0.015
"""Standard deviation of the smoothing after it, s, so that a complex has one peak."""

BLOCK = 2 * FS
"""Every two seconds hold a beat, but at rates below 30 a minute; in samples."""

AROUND = 7
"""Blocks on either side whose peaks tell the usual one: half a minute in all."""

LOWEST = 0.2
"""Share of the usual peak that a complex must reach."""

REFRACTORY = 0.25
"""Two complexes cannot be closer, s."""

T_WAVE = (0.36, 0.5)
"""Within so many seconds of a complex, one of less than this share of its height is a T or P wave (Pan &
Tompkins 1985, IEEE Trans Biomed Eng 32:230-236)."""

R_BAND = (2.0, 30.0)
"""Frequencies among which the R peak is looked for, Hz."""

R_REACH = 0.07
"""How far the R peak may lie from where the complex is steepest, s."""

ANNOTATION_REACH = 0.1
"""How far an annotation may lie from where its complex is steepest, s."""


def qrs_slope(signal: np.ndarray) -> np.ndarray:
    """Return how steep the ECG is around each sample, in the band of the QRS complex.

    It is the root mean square of the slope over the length of a wide complex, so it has one peak a complex,
    whatever its polarity and shape, and whatever the sampling rate was.

    Args:
        signal: `(n,)` mV at `FS`, from `filtering.filtered`.

    Returns:
        `(n,)` float64, mV/s.
    """
    slope = np.gradient(_band(signal, QRS_BAND)) * FS
    power = uniform_filter1d(slope * slope, round(QRS_LENGTH * FS))
    return gaussian_filter1d(np.sqrt(np.maximum(power, 0)), SMOOTHING * FS)


def block_peaks(slope: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the highest slope of each whole block, `(n // BLOCK,)`; NaN of one that is half unknown.

    Args:
        slope: `(n,)` from `qrs_slope`.
        known: `(n,)` bool, where there is signal.
    """
    n = len(slope) - len(slope) % BLOCK
    peaks = np.where(known[:n], slope[:n], 0).reshape(-1, BLOCK).max(axis=1)
    return np.where(known[:n].reshape(-1, BLOCK).mean(axis=1) > 0.5, peaks, np.nan)


def median_around(values: np.ndarray, blocks: int) -> np.ndarray:
    """Return the median of the known values of each block and so many on either side, NaN if none is known.

    Args:
        values: `(b,)`, NaN where unknown.
        blocks: on either side; fewer at the ends.
    """
    padded = np.pad(values, blocks, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * blocks + 1)
    some = np.isfinite(windows).any(axis=1)
    median = np.full(len(values), np.nan)
    median[some] = np.nanmedian(windows[some], axis=1)
    return median


def find_complexes(slope: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return where the QRS complexes are steepest, `(m,)` int64, ascending, in samples at `FS`.

    A complex is a peak of the slope that reaches `LOWEST` of the usual peak of the half minute around it and
    is no T wave. Nothing is remembered from one part of the recording to the next, so what a part begins
    with decides nothing. All settings were chosen on DS1.

    Args:
        slope: `(n,)` from `qrs_slope`.
        known: `(n,)` bool, where there is signal.
    """
    peaks = block_peaks(slope, known)
    if not np.isfinite(peaks).any():
        return np.empty(0, dtype=np.int64)
    centre = (np.arange(len(peaks)) + 0.5) * BLOCK
    usual = np.interp(np.arange(len(slope)), centre, median_around(peaks, AROUND))
    found, _ = find_peaks(np.where(known, slope, 0), height=LOWEST * usual, distance=round(REFRACTORY * FS))
    height = np.minimum(slope[found] / usual[found], 1)  # an ectopic beat is no measure for the others
    return found[~t_waves(found / FS, height)].astype(np.int64)


def t_waves(time: np.ndarray, height: np.ndarray) -> np.ndarray:
    """Return which peaks stand close to a much higher one, `(m,)` bool.

    Args:
        time: `(m,)` s, ascending.
        height: `(m,)` in any unit.
    """
    within, share = T_WAVE
    close = np.diff(time) < within
    low = np.zeros(len(time), dtype=bool)
    low[1:] |= close & (height[1:] < share * height[:-1])
    low[:-1] |= close & (height[:-1] < share * height[1:])
    return low


def r_peaks(signal: np.ndarray, steepest: np.ndarray) -> np.ndarray:
    """Return the R peak of each complex, or its S peak if that is larger, `(m,)` int64, in samples at `FS`.

    Args:
        signal: `(n,)` mV at `FS`, from `filtering.filtered`.
        steepest: `(m,)` where the complexes are steepest.
    """
    if len(steepest) == 0:
        return steepest
    reach = round(R_REACH * FS)
    offset = np.arange(-reach, reach + 1)
    size = np.abs(_band(signal, R_BAND))[np.clip(steepest[:, None] + offset, 0, len(signal) - 1)]
    return np.clip(steepest + offset[size.argmax(axis=1)], 0, len(signal) - 1)


def steepest_near(slope: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Return where the complex of each annotation is steepest, `(m,)` int64, as detection sees it.

    Args:
        slope: `(n,)` from `qrs_slope`.
        position: `(m,)` of the annotations, in samples at `FS`.

    Returns:
        The nearest peak of the slope; the annotation itself where there is none within `ANNOTATION_REACH`.
    """
    peaks, _ = find_peaks(slope)
    if len(peaks) == 0:
        return position
    after = np.searchsorted(peaks, position)
    left, right = peaks[np.maximum(after - 1, 0)], peaks[np.minimum(after, len(peaks) - 1)]
    nearest = np.where(np.abs(position - left) <= np.abs(right - position), left, right)
    return np.where(np.abs(nearest - position) <= ANNOTATION_REACH * FS, nearest, position)


def _band(signal: np.ndarray, band: tuple[float, float]) -> np.ndarray:
    return sosfiltfilt(butterworth(band, "bandpass"), signal, padlen=min(FS, len(signal) - 1))
