"""Cutting one window a beat out of a recording: `centred` (ours) and `kaggle` (the classic data set's)."""

from fractions import Fraction
from functools import cache

import numpy as np
from scipy.signal import resample_poly

from arrhythmia.errors import DataError

KAGGLE_LENGTH = 187
KAGGLE_STEP = 3
KAGGLE_FS = 360 / KAGGLE_STEP
"""The Kaggle files hold every third sample of 360 Hz, so 120 Hz (their description says 125 Hz)."""

KAGGLE_MOVED = {("102", 590262): 590296}
"""Record and sample of the one annotation that the Kaggle files place elsewhere than PhysioNet's, and where.
With it the SHA-256 of the test file is the published one (docs/kaggle.md); PhysioNet's is on the R peak."""


def window_length(fs: float, *, before: float, after: float) -> tuple[int, int]:
    """Return the length of a centred window and the column of its R peak, both in samples at `fs` (Hz).

    Args:
        fs: sampling rate of the window, Hz.
        before: time before the R peak, s.
        after: time from the R peak on, s.
    """
    r_index = round(before * fs)
    return r_index + round(after * fs), r_index


@cache  # all records of a database have one rate
def resampling_kernel(fs_in: float, fs_out: float, *, before: float, after: float) -> tuple[np.ndarray, int]:
    """Return the matrix that takes a window at `fs_in` to the centred window at `fs_out`.

    Resampling is linear, so the anti-aliasing polyphase filter of `scipy.signal.resample_poly` (a Kaiser
    windowed sinc) applied to unit impulses gives it as a matrix; one product then resamples all beats,
    with the R peak exactly on an output sample.

    Args:
        fs_in: sampling rate of the recording, Hz.
        fs_out: sampling rate of the window, Hz.
        before: time before the R peak, s.
        after: time from the R peak on, s.

    Returns:
        The kernel, `(width, length)` float64, and the row of the R peak in it (samples at `fs_in`).
    """
    length, r_index = window_length(fs_out, before=before, after=after)
    ratio = Fraction(fs_out / fs_in).limit_denominator(1000)
    up, down = ratio.numerator, ratio.denominator
    margin = 10 * max(up, down) / up + 1  # half length of scipy's filter, in input samples
    blocks = int(np.ceil((before * fs_in + margin) / down))
    r_row = blocks * down  # input samples that fall on output samples are multiples of `down`
    width = r_row + int(np.ceil(after * fs_in + margin)) + 1
    first = blocks * up - r_index
    kernel = resample_poly(np.eye(width), up, down, axis=1)[:, first : first + length]
    return kernel, r_row


def centred_windows(signal: np.ndarray, sample: np.ndarray, kernel: np.ndarray, r_row: int) -> np.ndarray:
    """Cut and resample the window around each R peak; the record's first and last value pad its edges.

    Looks `after` seconds past the R peak, so it is causal only with that delay.

    Args:
        signal: `(n,)` mV, at the rate the kernel was made for.
        sample: `(m,)` positions of the R peaks in `signal`.
        kernel: `(width, length)`, from `resampling_kernel`.
        r_row: row of the R peak in the kernel.

    Returns:
        `(m, length)` float32, mV, rounded to 0.0001 mV (a fiftieth of the ADC's step) so that the last bits
        of a matrix product, which differ between CPU types, do not reach the file.
    """
    offset = np.arange(len(kernel)) - r_row
    position = np.clip(sample[:, None] + offset, 0, len(signal) - 1)
    return np.round(signal.astype(np.float64)[position] @ kernel, 4).astype(np.float32)


def kaggle_windows(adu: np.ndarray, sample: np.ndarray, beat: np.ndarray) -> np.ndarray:
    """Rebuild the windows of the Kaggle files `mitbih_train.csv` and `mitbih_test.csv`, value by value.

    A window runs from the R peak to a fifth of an interval past the next annotation, every third sample,
    scaled to [0, 1] by its own extremes and cut or padded with zeros to 187 values. The rule was found by
    matching rows of the published files; the description that goes with them does not hold. With the
    annotations as they were then (`KAGGLE_MOVED`) it gives the published test file, byte for byte.

    Args:
        adu: `(n,)` ADC units, channel 0 at 360 Hz.
        sample: `(m,)` positions of *all* annotations, non-beats included.
        beat: indices into `sample` of the beats to cut; none may be the last annotation.

    Returns:
        `(len(beat), 187)` float32 in 0..1.

    Raises:
        DataError: a window is empty, because annotations stand on one another.
    """
    sample = np.append(sample, len(adu))
    windows = np.zeros((len(beat), KAGGLE_LENGTH), dtype=np.float32)
    for row, i in enumerate(beat):
        stop = sample[i + 1] + int(0.2 * (sample[i + 2] - sample[i + 1]))
        window = adu[sample[i] : stop : KAGGLE_STEP]
        if len(window) == 0:
            raise DataError(f"no sample between the annotations at {sample[i]}; use segment.window=centred")
        low, high = window.min(), window.max()
        window = window[:KAGGLE_LENGTH]
        windows[row, : len(window)] = (window - low) / max(high - low, 1)
    return windows
