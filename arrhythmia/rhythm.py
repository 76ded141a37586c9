"""What the intervals between beats say about the rhythm."""

import numpy as np

FEATURES = ("previous", "next", "pause", "onset", "rate", "variability")
"""Names of the rhythm features, in the order of their columns."""


def rhythm_features(rr: np.ndarray, rr_before: int) -> np.ndarray:
    """Describe the rhythm around each beat by ratios, which do not depend on the patient's heart rate.

    With `local` the mean of the intervals before the last one (trailing, so that a run of early beats does
    not hide itself as it would in a centred mean):

    - previous = ln(RR before / local): how early the beat is; causal
    - next = ln(RR after / local): the pause after it; needs the next beat
    - pause = ln(RR before / RR after): early beat and its pause together; needs the next beat
    - onset = ln(RR before / the RR before that): the first early beat of a run; causal
    - rate = ln(local / 1 s); causal
    - variability = standard deviation of the local intervals / local: irregular rhythms; causal

    Ratios of neighbouring intervals follow de Chazal 2004 and Saenz-Cogollo & Agelli 2020 (Algorithms 13:75).

    Args:
        rr: `(n, before + after)` s, from `rr_intervals`, NaN where there is no interval.
        rr_before: number of columns up to the beat, at least 2.

    Returns:
        `(n, 6)` float32; NaN where an interval is missing.
    """
    previous, following = rr[:, rr_before - 1], rr[:, rr_before]
    trailing = np.ma.masked_invalid(rr[:, : rr_before - 1])
    local = trailing.mean(axis=1).filled(np.nan)
    variability = trailing.std(axis=1).filled(np.nan) / local
    columns = [
        np.log(previous / local),
        np.log(following / local),
        np.log(previous / following),
        np.log(previous / rr[:, rr_before - 2]),
        np.log(local),
        variability,
    ]
    return np.stack(columns, axis=1).astype(np.float32)
