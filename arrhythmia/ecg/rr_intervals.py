"""Intervals between the beats of a record."""

import numpy as np


def rr_intervals(sample: np.ndarray, fs: float, *, before: int, after: int) -> np.ndarray:
    """Return the intervals between the neighbours of each beat.

    Args:
        sample: `(n,)` positions of successive R peaks of one record, in samples.
        fs: sampling rate, Hz.
        before: number of intervals up to the beat.
        after: number of intervals from the beat on; these need future beats.

    Returns:
        `(n, before + after)` float32, s, oldest first; NaN where there is no such beat.
    """
    interval = np.diff(sample) / fs
    missing_before, missing_after = np.full(before, np.nan), np.full(after, np.nan)
    padded = np.concatenate([missing_before, interval, missing_after])
    windows = np.lib.stride_tricks.sliding_window_view(padded, before + after)
    return windows[: len(sample)].astype(np.float32)


def long_run_rr(sample: np.ndarray, fs: float, *, beats: int) -> np.ndarray:
    """Return the mean of each beat's interval and of `beats` on either side: the patient's own rate.

    De Chazal 2004 takes the mean over the whole record; this one is bounded, for recordings of a day and
    night.

    Args:
        sample: `(n,)` positions of successive R peaks of one record, in samples.
        fs: sampling rate, Hz.
        beats: number of intervals on either side of the one that ends with the beat; fewer at the record's
            ends.

    Returns:
        `(n,)` float32, s; NaN for a lone beat.
    """
    beat = np.arange(len(sample))
    first = np.maximum(beat - beats - 1, 0)  # where the interval of beat `beat - beats` starts
    last = np.minimum(beat + beats, len(sample) - 1)
    count = last - first
    span = (sample[last] - sample[first]) / fs  # intervals add up to the time between first and last beat
    return np.where(count > 0, span / np.maximum(count, 1), np.nan).astype(np.float32)
