"""What the intervals between beats say about the rhythm."""

import numpy as np

FEATURES = ("previous", "long_run", "next", "pause", "onset")
"""Names of the rhythm features, in the order of their columns."""


def rhythm_features(rr: np.ndarray, rr_before: int, rr_long: np.ndarray) -> np.ndarray:
    """Describe the rhythm around each beat by ratios, which do not depend on the patient's heart rate.

    With `local` the mean of the intervals before the last one (trailing, so that a run of early beats does
    not hide itself as it would in a centred mean):

    - previous = ln(RR before / local): how early the beat is; causal
    - long_run = ln(RR before / long-run mean): still early when a run of early beats has become the local
      rhythm; causal
    - next = ln(RR after / local): the pause after it; needs the next beat
    - pause = ln(RR before / RR after): early beat and its pause together; needs the next beat
    - onset = ln(RR before / the RR before that): the first early beat of a run; causal

    Ratios to neighbouring, local and average intervals follow de Chazal 2004 and Saenz-Cogollo & Agelli 2020
    (Algorithms 13:75).

    Args:
        rr: `(n, before + after)` s, from `rr_intervals`, NaN where there is no interval.
        rr_before: number of columns up to the beat, at least 2.
        rr_long: `(n,)` s, from `long_run_rr`.

    Returns:
        `(n, 5)` float32; NaN where an interval is missing.
    """
    previous, following = rr[:, rr_before - 1], rr[:, rr_before]
    local = np.ma.masked_invalid(rr[:, : rr_before - 1]).mean(axis=1).filled(np.nan)
    columns = [
        previous / local,
        previous / rr_long,
        following / local,
        previous / following,
        previous / rr[:, rr_before - 2],
    ]
    return np.log(np.stack(columns, axis=1)).astype(np.float32)
