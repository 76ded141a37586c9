"""Beat-by-beat rates by the rules of ANSI/AAMI EC57.

In the names of the rules the capital is the reference, the lower case letter the prediction: `Vn` counts V
beats predicted as n, `Vo` V beats the detector missed, `Ov` predictions v where there is no beat.

    V:  TP = Vv   FN = Vn+Vs+Vf+Vq+Vo   FP = Nv+Sv+Ov      (Fv and Qv are neither right nor wrong)
    S:  TP = Ss   FN = Sn+Sv+Sf+Sq+So   FP = Ns+Vs+Fs+Os   (Qs is neither right nor wrong)

Counts are `(..., 5, 5)` where the beats are given, as in this pipeline, or `(..., 6, 6)` with detection: then
row 5 holds the extra detections (O), column 5 the missed beats (o).
"""

import numpy as np
import pandas as pd

from arrhythmia.aami import CLASSES, F, Q, S, V

EXTRA = MISSED = len(CLASSES)


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Divide counts of equal shape; NaN where the whole is zero."""
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=np.asarray(whole) != 0)


def rates(counts: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    """Return the rates of V and S.

    Args:
        counts: `(..., 5, 5)` or `(..., 6, 6)` beats, the reference along the rows.

    Returns:
        For `"V"` and `"S"`: `sensitivity`, `positive_predictivity` and `false_positive_rate`, `(...)` each,
        NaN where undefined. For `"S"` also `positive_predictivity_without_fs`: the gross table of the
        reference program (`bxb`, `sumstats`) cannot tell Fs from Qs and leaves both out.
    """
    counts = _with_detection(counts)
    rates = {"V": _rates(counts, V, uncounted=[F, Q]), "S": _rates(counts, S, uncounted=[Q])}
    without_fs = _rates(counts, S, uncounted=[F, Q])["positive_predictivity"]
    rates["S"]["positive_predictivity_without_fs"] = without_fs
    return rates


def detection(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Return `sensitivity` and `positive_predictivity` of beat detection, whatever the class, `(...)` each.

    Args:
        counts: `(..., 6, 6)` beats, with extra (row 5) and missed (column 5) ones.
    """
    matched = counts[..., :EXTRA, :MISSED].sum((-2, -1))
    missed, extra = counts[..., :EXTRA, MISSED].sum(-1), counts[..., EXTRA, :MISSED].sum(-1)
    return {
        "sensitivity": ratio(matched, matched + missed),
        "positive_predictivity": ratio(matched, matched + extra),
    }


def table(names: np.ndarray, counts: np.ndarray) -> pd.DataFrame:
    """Return the rates of each record, then `gross` (all beats pooled) and `average` (over records).

    Args:
        names: `(r,)` records.
        counts: `(r, 5, 5)` or `(r, 6, 6)` beats, the reference along the rows.

    Returns:
        One row a record plus two; columns `record`, `beats` and one such as `V_sensitivity` for each rate.
        The average is over the records in which the rate is defined, each weighing the same; it has no
        `beats`.
    """
    gross = np.concatenate([counts, counts.sum(0, keepdims=True)])
    columns = {"record": [*names, "gross"], "beats": gross[:, :EXTRA].sum((-2, -1))}
    for name, rate in rates(gross).items():
        columns |= {f"{name}_{key}": values for key, values in rate.items()}
    rows = pd.DataFrame(columns)
    average = rows[:-1].drop(columns=["record", "beats"]).mean()  # skips NaN
    table = pd.concat([rows, pd.DataFrame([{"record": "average", **average}])], ignore_index=True)
    return table.astype({"beats": "Int64"})  # whole numbers beside a missing one


def _with_detection(counts: np.ndarray) -> np.ndarray:
    """Append an empty row of extra and column of missed beats, unless they are there."""
    lacking = EXTRA + 1 - counts.shape[-1]
    return np.pad(counts, [(0, 0)] * (counts.ndim - 2) + [(0, lacking)] * 2)


def _rates(counts: np.ndarray, target: int, *, uncounted: list[int]) -> dict[str, np.ndarray]:
    hit = counts[..., target, target]
    other = np.delete(counts, target, axis=-2)  # (..., 5, 6)
    false_positive = other[..., target].sum(-1) - counts[..., uncounted, target].sum(-1)
    true_negative = np.delete(other, [target, MISSED], axis=-1).sum((-2, -1))
    return {
        "sensitivity": ratio(hit, counts[..., target, :].sum(-1)),
        "positive_predictivity": ratio(hit, hit + false_positive),
        "false_positive_rate": ratio(false_positive, true_negative + false_positive),
    }
