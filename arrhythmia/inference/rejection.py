"""Detections that are no beats: noise, or P and T waves, between two beats."""

import numpy as np

from arrhythmia.inference.quality import FAINT

UNLIKE = 0.3
"""Correlation with the template beat below which a waveform is unlike it. Of the beats of DS1 that start
above the ventricles two in a hundred have as little, of the others a third."""

ROOM = 1.3
"""Two beats that are fewer usual intervals apart leave no room for a third one between them."""

INTERVALS = 20
"""Intervals on either side of which the usual one is the median. Those of the detection in question count: in
bigeminy of faint beats the usual interval is half of that between two other beats, so they stay."""


def false_detections(peak: np.ndarray, steepness: np.ndarray, alike: np.ndarray) -> np.ndarray:
    """Return which detections are no beats, `(n,)` bool.

    A P or T wave is less steep than the complex beside it (Pan & Tompkins 1985, IEEE Trans Biomed Eng
    32:230-236), and noise is unlike the other beats (Orphanidou et al. 2015, IEEE J Biomed Health Inform
    19:832-838). A faint ventricular beat may be both; so what is rejected must also lie between two others
    that leave no room for a beat. Lost are faint and unlike beats, or two of them, interpolated between
    others, and single ones in a short run of others that is faster than the rhythm around it, or in
    fibrillation. All numbers were chosen on DS1.

    Args:
        peak: `(n,)` R peaks, in samples, ascending.
        steepness: `(n,)` slope as a share of the usual one, from `quality.steepness`.
        alike: `(n,)` correlation with the template beat; NaN of a flat one, which stays.
    """
    doubtful = (steepness < FAINT) & (alike < UNLIKE)
    sure, rows = np.flatnonzero(~doubtful), np.flatnonzero(doubtful)
    after = np.searchsorted(sure, rows)  # several in a row lie between the same two
    between = (after > 0) & (after < len(sure))
    rows, after = rows[between], after[between]
    false = np.zeros(len(peak), dtype=bool)
    if len(rows):
        interval = np.pad(np.diff(peak).astype(float), INTERVALS, constant_values=np.nan)
        around = np.lib.stride_tricks.sliding_window_view(interval, 2 * INTERVALS)[rows]
        false[rows] = peak[sure[after]] - peak[sure[after - 1]] < ROOM * np.nanmedian(around, axis=1)
    return false
