"""Scaling model inputs. Whatever is fitted sees training rows only."""

from dataclasses import dataclass

import numpy as np

from arrhythmia.utils.chunks import in_blocks
from arrhythmia.utils.rounding import FLOAT32_DIGITS, to_digits

FITTED = ("standard", "minmax")
"""Methods that are fitted on training rows; the others need no fit."""

METHODS = (*FITTED, "beat", "record")


@dataclass(frozen=True)
class Scaler:
    """Column-wise `(x - shift) / scale`, with `shift` and `scale` of shape `(columns,)`."""

    shift: np.ndarray
    scale: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Scale `x`, `(n, columns)`; returns float32."""
        return ((x - self.shift) / self.scale).astype(np.float32)


def fit_scaler(train: np.ndarray, method: str) -> Scaler:
    """Fit a column-wise scaler on training rows.

    A column whose rows are all alike is shifted, and left as it is but for that.

    Args:
        train: `(n, columns)` training rows.
        method: `standard` (mean 0, standard deviation 1) or `minmax` (0..1, as the classic scripts do).

    Returns:
        The scaler; means and deviations have as many digits as a float32.
    """
    known = train.astype(float)
    if method == "standard":
        shift, scale = known.mean(axis=0), known.std(axis=0)
        # sums; least and greatest values have no more digits than the rows
        shift, scale = (np.array([to_digits(x, FLOAT32_DIGITS) for x in y]) for y in (shift, scale))
    else:
        shift, scale = known.min(axis=0), np.ptp(known, axis=0)
    return Scaler(shift, np.where(scale > 0, scale, 1.0))


def scale_by_beat(waveform: np.ndarray) -> np.ndarray:
    """Give each beat mean 0 and standard deviation 1: shape only, amplitude is lost.

    Args:
        waveform: `(n, length)` mV.

    Returns:
        `(n, length)` float32; all 0 for a flat beat.
    """
    centred = waveform - waveform.mean(axis=1, keepdims=True, dtype=float)
    spread = centred.std(axis=1, keepdims=True)
    return (centred / np.where(spread > 0, spread, 1.0)).astype(np.float32)


def scale_by_record(waveform: np.ndarray, record: np.ndarray, *, out: np.ndarray | None = None) -> np.ndarray:
    """Subtract each beat's own median, and divide by its record's median peak-to-peak amplitude and polarity.

    Evens out electrodes and body build while a beat that is larger than its neighbours stays larger; a record
    with inverted electrodes gives the same. It needs no labels, but the whole record, so it is not causal.

    Args:
        waveform: `(n, length)` mV.
        record: `(n,)` name of each beat's record.
        out: where the result goes; an array of its own without it.

    Returns:
        `(n, length)` float32.
    """
    peak_to_peak = np.ptp(waveform, axis=1)
    names, index = np.unique(record, return_inverse=True)
    rows = [index == i for i in range(len(names))]
    amplitude = np.array([np.median(peak_to_peak[x]) * polarity(waveform[x]) for x in rows])
    divisor = np.where(amplitude != 0, amplitude, 1.0)[index, None]
    return in_blocks(_centred_and_divided, waveform, divisor, out=out)


def polarity(waveform: np.ndarray) -> int:
    """Return the sign of the largest deflection of the median beat: 1 if it points upward, else -1.

    Args:
        waveform: `(n, length)` mV, beats of one record.
    """
    beat = np.array([np.median(step) for step in waveform.T])  # along an axis it would copy a day's beats
    beat = beat - np.median(beat)
    return 1 if beat[np.abs(beat).argmax()] >= 0 else -1


def _centred_and_divided(waveform: np.ndarray, divisor: np.ndarray) -> np.ndarray:
    return ((waveform - np.median(waveform, axis=1, keepdims=True)) / divisor).astype(np.float32)
