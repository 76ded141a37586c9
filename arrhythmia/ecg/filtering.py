"""The common sampling rate, and what is taken out of an ECG at it: wander, mains hum, what is above 40 Hz.

Beats are found in what is left, and centred windows cut from it, in training as in prediction.
"""

from fractions import Fraction
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.ndimage import median_filter
from scipy.signal import butter, resample_poly, sosfiltfilt

FS = 360
"""Common sampling rate, Hz: that of the MIT-BIH Arrhythmia Database, which is not resampled therefore."""

BAND = (0.5, 40.0)
"""What is kept, Hz. Below is the wander of respiration and electrodes, above, muscle. 40 Hz is the least that
IEC 60601-2-47 asks of an ambulatory recorder, and a recording at 100 Hz holds little more."""

MAINS = (50, 60)
"""Frequencies of mains, Hz."""

BLOCK = FS // 10
"""A tenth of a second, in samples: whole periods of both mains frequencies, so that none sees the other."""

STEADY = 11
"""Blocks over which hum is taken as steady: a QRS complex fills two or three of them, and a median of 11 does
not see it; mains itself strays by a hundredth of a Hz."""

DECIMALS = 4
"""Decimals of a mV that are kept: the last bits of a sum differ between processors, and a converter's step is
0.005 mV."""


def rate_ratio(fs: float) -> Fraction:
    """Return `FS / fs`, with `fs` in Hz, as a ratio of whole numbers."""
    return Fraction(FS / fs).limit_denominator(1000)


def resampled(signal: np.ndarray, fs: float) -> np.ndarray:
    """Return `(n,)` at `fs` (Hz) as float64 at `FS`; the first samples fall together."""
    ratio = rate_ratio(fs)
    if ratio == 1:
        return np.asarray(signal, dtype=float)
    return resample_poly(np.asarray(signal, dtype=float), ratio.numerator, ratio.denominator, padtype="line")


class Filtered(NamedTuple):
    """A filtered ECG and what was taken out of it, mV."""

    signal: np.ndarray
    """`(n,)` float64, rounded to 0.0001 mV."""
    hum: np.ndarray
    """`(2, n)` float64, of each of `MAINS`."""
    wander: np.ndarray
    """`(n,)` float64, offset included."""


def filtered(signal: np.ndarray) -> Filtered:
    """Take wander, mains hum and what lies above the band of the ECG out of it, with zero phase.

    Hum is not cut out by a narrow filter, which would ring after each QRS complex: it is measured between the
    complexes and subtracted. Looks at both sides of each sample; not causal.

    Args:
        signal: `(n,)` mV at `FS`, finite.
    """
    steady = _zero_phase(signal, BAND[0], "highpass")
    hum = np.array([mains_hum(steady, frequency) for frequency in MAINS])
    clean = _zero_phase(steady - hum.sum(axis=0), BAND[1], "lowpass")
    return Filtered(np.round(clean, DECIMALS), hum, signal - steady)


def mains_hum(signal: np.ndarray, frequency: int) -> np.ndarray:
    """Return the hum of mains in a signal: a sine whose amplitude and phase change slowly.

    Of each tenth of a second the Fourier coefficient is taken, and of these the running median.

    Args:
        signal: `(n,)` mV at `FS`, without wander.
        frequency: one of `MAINS`, Hz.

    Returns:
        `(n,)` float64, mV; 0 where the signal is shorter than `STEADY` blocks.
    """
    n = len(signal)
    blocks = signal[: n - n % BLOCK].reshape(-1, BLOCK)
    if len(blocks) < STEADY:
        return np.zeros(n)
    phase = 2 * np.pi * frequency / FS * np.arange(BLOCK)
    # From the middle of one block to that of the next the coefficient changes evenly; before the first middle
    # and after the last it is steady. np.interp gives the same bits in twice the time.
    after_middle = np.arange(BLOCK) + 0.5
    hum = np.zeros((len(blocks) + 2, BLOCK))
    for wave in (np.cos(phase), np.sin(phase)):
        coefficient = median_filter(2 * (blocks * wave).mean(axis=1), STEADY, mode="nearest")
        at_middle = np.pad(coefficient, (1, 2), mode="edge")
        change = np.diff(at_middle)[:, None] / BLOCK * after_middle
        hum += np.roll(wave, BLOCK // 2) * (change + at_middle[:-1, None])
    return hum.ravel()[BLOCK // 2 :][:n]


def _zero_phase(signal: np.ndarray, frequency: float, kind: str) -> np.ndarray:
    padding = min(3 * FS, len(signal) - 1)  # as long as the filter remembers
    return sosfiltfilt(butterworth(frequency, kind), np.asarray(signal, dtype=float), padlen=max(padding, 0))


@cache  # the design of a filter takes as long as a minute of signal
def butterworth(frequency: float | tuple[float, float], kind: str) -> np.ndarray:
    """Return the second-order sections of a Butterworth filter of order 2 at `FS`, as `scipy.signal.butter`.

    Args:
        frequency: where it begins to pass, or to stop, Hz; two of a band.
        kind: `highpass`, `lowpass` or `bandpass`.
    """
    return butter(2, frequency, kind, fs=FS, output="sos")
