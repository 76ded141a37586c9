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
    """Return the mean of the last `beats` intervals up to each beat: the patient's own rate, causal.

    Args:
        sample: `(n,)` positions of successive R peaks of one record, in samples.
        fs: sampling rate, Hz.
        beats: number of intervals to average; fewer at the record's start.

    Returns:
        `(n,)` float32, s; NaN for the first beat.
    """
    first = np.maximum(np.arange(len(sample)) - beats, 0)
    count = np.arange(len(sample)) - first
    span = (sample - sample[first]) / fs  # intervals add up to the time between first and last beat
    return np.where(count > 0, span / np.maximum(count, 1), np.nan).astype(np.float32)
