"""What the intervals between beats say about the rhythm."""

import numpy as np

FEATURES = (
    "pre_rr_local",
    "post_rr_local",
    "pre_post_rr_ratio",
    "pre_rr_ratio",
    "pre_rr_global",
    "rr_irregularity",
)
"""Names of the rhythm features, in the order of their columns."""

PREVAILING = 0.4
"""Share of the intervals that a rhythm's prevailing ones are; less than half: premature beats may be many."""


def rhythm_features(rr: np.ndarray, rr_before: int, rr_long: np.ndarray) -> np.ndarray:
    """Describe the rhythm around each beat by ratios, which do not depend on the patient's heart rate.

    The local RR is the 80th percentile of all the intervals around the beat. Premature beats do not pull it
    down as they do a mean or a median, unless they are nearly all; pauses after them may push it up.

    - pre_rr_local = ln(pre-RR / local RR): how premature the beat is
    - post_rr_local = ln(post-RR / local RR): how long the next beat takes
    - pre_post_rr_ratio = ln(pre-RR / post-RR): premature beat and its pause together
    - pre_rr_ratio = ln(pre-RR / previous pre-RR): the first premature beat of a run; causal
    - pre_rr_global = ln(pre-RR / long-run mean): premature against the patient's own rate
    - rr_irregularity = width of the narrowest range of ln(RR) that holds two fifths of the intervals around
      the beat (the shorth of Rousseeuw & Leroy 1988, Statistica Neerlandica 42:103-116): wide in atrial
      fibrillation, where no interval prevails and a premature beat means nothing; narrow in a steady rhythm
      with premature beats and pauses

    Only pre_rr_ratio is causal, and pre_post_rr_ratio needs the next beat only; the others look at all the
    beats that `rr` and `rr_long` were made from. Ratios to neighbouring, local and average intervals follow
    de Chazal 2004 and Saenz-Cogollo & Agelli 2020 (Algorithms 13:75).

    Args:
        rr: `(n, columns)` s, from `rr_intervals`, NaN where there is no interval.
        rr_before: number of columns up to the beat, at least 2; at least one follows.
        rr_long: `(n,)` s, from `long_run_rr`.

    Returns:
        `(n, 6)` float32; NaN where the intervals are missing.
    """
    previous, following = rr[:, rr_before - 1], rr[:, rr_before]
    local = quantile(rr, 0.8)
    with np.errstate(divide="ignore"):
        columns = [
            np.log(previous / local),
            np.log(following / local),
            np.log(previous / following),
            np.log(previous / rr[:, rr_before - 2]),
            np.log(previous / rr_long),
            narrowest(np.log(rr), PREVAILING),
        ]
    return np.stack(columns, axis=1).astype(np.float32)


def narrowest(values: np.ndarray, share: float) -> np.ndarray:
    """Return the width of the narrowest range that holds a share of each row's known values.

    Args:
        values: `(n, k)`, not finite where unknown.
        share: 0..1, rounded up to whole values and at least two of them.

    Returns:
        `(n,)`; NaN for a row with fewer than four known values, of which two could always be close by chance.
    """
    finite = np.isfinite(values)
    ordered = np.sort(np.where(finite, values, np.nan), axis=1)  # NaN come last
    known = finite.sum(axis=1)
    held = np.maximum(np.ceil(share * known).astype(int), 2)
    end = np.arange(values.shape[1]) + held[:, None] - 1
    inside = end < known[:, None]
    width = np.take_along_axis(ordered, np.where(inside, end, 0), axis=1) - ordered
    width = np.where(inside, width, np.inf).min(axis=1)
    return np.where(known >= 4, width, np.nan)


def quantile(values: np.ndarray, share: float) -> np.ndarray:
    """Return a quantile of each row's known values: `numpy.nanquantile`, but much faster.

    Args:
        values: `(n, k)`, NaN where unknown.
        share: 0..1.

    Returns:
        `(n,)`, linearly interpolated; NaN for a row without a known value.
    """
    ordered = np.sort(values, axis=1)  # NaN come last
    known = np.isfinite(values).sum(axis=1)
    place = share * np.maximum(known - 1, 0)
    low = place.astype(int)
    high = np.minimum(low + 1, np.maximum(known - 1, 0))
    rows = np.arange(len(values))
    return ordered[rows, low] + (place - low) * (ordered[rows, high] - ordered[rows, low])
