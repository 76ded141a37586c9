"""Finding the beats of a recording that nobody has annotated."""

import numpy as np
from scipy.ndimage import maximum_filter1d, median_filter
from scipy.signal import butter, sosfiltfilt
from sleepecg import detect_heartbeats

BAND = (5.0, 35.0)
"""Frequencies that hold the QRS complex, Hz."""

BLOCK = 2.0
"""Every block of this many seconds holds a beat, but at rates below 30 a minute; its peak is one, s."""

COMPRESSION = 0.5
"""Share of the usual peak beyond which amplitudes are compressed. Without compression a high ectopic beat
raises the detector's threshold, and it passes over the lower beats around it: on DS1 it missed 476 of the
3,788 ventricular beats, with it 89."""

SILENCE = 0.02
"""Share of the highest usual peak; lower ones are not raised to the height of beats: in bridged gaps they are
rounding errors."""

CLOSE = 0.3
"""Of two detections closer than this, s, a much less steep one is a P or T wave, not a beat."""

STEEP = 0.5
"""Share of the steeper one's slope that makes a detection much less steep."""


def detect_beats(signal: np.ndarray, fs: float) -> np.ndarray:
    """Return the positions of the R peaks, ascending, in samples.

    The detector is that of SleepECG (Brunner & Hofer 2023, J Open Source Softw 8(86):5411), after Pan &
    Tompkins 1985 (IEEE Trans Biomed Eng 32:230-236). It sees the band of the QRS complex with
    high peaks compressed. All settings were chosen on DS1. Looks at the whole signal; not causal.

    Args:
        signal: `(n,)` in any unit, finite.
        fs: sampling rate, Hz; above 70.

    Returns:
        `(m,)` int64; empty where the signal is too short or flat.
    """
    if len(signal) < BLOCK * fs or np.ptp(signal) == 0:
        return np.empty(0, dtype=np.int64)
    band = band_passed(signal, fs)
    scale = COMPRESSION * usual_peak(band, fs)
    if not scale.any():
        return np.empty(0, dtype=np.int64)
    found = detect_heartbeats(np.tanh(band / np.maximum(scale, SILENCE * scale.max())), fs)
    reach = 2 * round(0.08 * fs) + 1
    slope = maximum_filter1d(np.abs(np.gradient(band)), reach)[found]
    return found[~weak_neighbours(found / fs, slope)].astype(np.int64)


def band_passed(signal: np.ndarray, fs: float) -> np.ndarray:
    """Return `signal` with the frequencies of `BAND` alone, without delay, `(n,)` float64."""
    filter_ = butter(2, BAND, "bandpass", fs=fs, output="sos")
    return sosfiltfilt(filter_, np.asarray(signal, dtype=float))


def usual_peak(band: np.ndarray, fs: float) -> np.ndarray:
    """Return the height of the usual peak around each sample, `(n,)`, in the unit of `band`.

    It is the median, over half a minute, of the highest peak of each block; linear between the blocks.

    Args:
        band: `(n,)` from `band_passed`, at least one block long.
        fs: sampling rate, Hz.
    """
    width = round(BLOCK * fs)
    blocks = len(band) // width
    peaks = np.abs(band[: blocks * width]).reshape(blocks, width).max(axis=1)
    centres = (np.arange(blocks) + 0.5) * width
    return np.interp(np.arange(len(band)), centres, median_filter(peaks, 15, mode="nearest"))


def weak_neighbours(time: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Return which detections stand close to a much steeper one, `(m,)` bool.

    Args:
        time: `(m,)` s, ascending.
        slope: `(m,)` steepest slope at each detection, in any unit.
    """
    close = np.diff(time) < CLOSE
    weak = np.zeros(len(time), dtype=bool)
    weak[:-1] |= close & (slope[:-1] < STEEP * slope[1:])
    weak[1:] |= close & (slope[1:] < STEEP * slope[:-1])
    return weak
