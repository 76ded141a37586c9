"""What the intervals between beats say about the rhythm."""

import numpy as np

FEATURES = ("early", "wait", "pause", "onset", "long_run", "irregularity")
"""Names of the rhythm features, in the order of their columns."""


def rhythm_features(rr: np.ndarray, rr_before: int, rr_long: np.ndarray) -> np.ndarray:
    """Describe the rhythm around each beat by ratios, which do not depend on the patient's heart rate.

    With `underlying` the 80th percentile of the intervals before the last one. Early beats do not pull it
    down as they do a mean or a median, unless they are nearly all; pauses after them may push it up. As it
    trails, a run of early beats does not hide itself until it fills the trail.

    - early = ln(RR before / underlying): how early the beat is; causal
    - wait = ln(RR after / underlying): how long the next beat takes; needs the next beat
    - pause = ln(RR before / RR after): early beat and its pause together; needs the next beat
    - onset = ln(RR before / the RR before that): the first early beat of a run; causal
    - long_run = ln(RR before / long-run mean): early against the last minutes; causal
    - irregularity = median of abs(ln(RR / the RR before that)) of the intervals before the last one: high in
      atrial fibrillation, where an early beat means nothing; causal. After the delta-RR intervals of Tateno &
      Glass 2001 (Med Biol Eng Comput 39:664-671)

    Ratios to neighbouring, local and average intervals follow de Chazal 2004 and Saenz-Cogollo & Agelli 2020
    (Algorithms 13:75).

    Args:
        rr: `(n, rr_before + 1)` s, from `rr_intervals`, NaN where there is no interval.
        rr_before: number of columns up to the beat, at least 3.
        rr_long: `(n,)` s, from `long_run_rr`.

    Returns:
        `(n, 6)` float32; NaN where the intervals are missing.
    """
    previous, following = rr[:, rr_before - 1], rr[:, rr_before]
    trail = rr[:, : rr_before - 1]
    underlying = quantile(trail, 0.8)
    with np.errstate(divide="ignore"):
        change = np.abs(np.diff(np.log(trail), axis=1))
        columns = [
            np.log(previous / underlying),
            np.log(following / underlying),
            np.log(previous / following),
            np.log(previous / trail[:, -1]),
            np.log(previous / rr_long),
            quantile(change, 0.5),
        ]
    return np.stack(columns, axis=1).astype(np.float32)


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
