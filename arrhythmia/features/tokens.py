"""What the rhythm network reads: a token a beat, the beats of a record in their order."""

import numpy as np

from arrhythmia.ecg.beats import Beats
from arrhythmia.features import table
from arrhythmia.features.morphology import p_wave_correlation
from arrhythmia.features.rhythm import quantile
from arrhythmia.features.table import FEATURES, scaled, template_beats
from arrhythmia.utils.chunks import in_blocks

FROM_TABLE = (
    *("pre_rr_local", "pre_rr_global", "pre_rr_ratio", "pre_post_rr_ratio", "rr_irregularity"),
    *("p_wave_correlation", "qrs_area_ratio"),
)
"""Features that are entries of a token as they are."""

SCALES = {
    "qrs_width_log": (0.0, 0.4),
    "qrs_rmse_log": (-3.0, 0.8),
    "qrs_dissimilarity": (-4.0, 1.5),
    "own_p_wave_correlation": (0.0, 0.6),
    "pre_rr": (-0.2, 0.4),
    "pre_rr_late": (0.0, 0.3),
    "pre_rr_median": (0.0, 0.3),
}
"""Centre and spread of the other entries, fixed as those of the features are."""

ENTRIES = (*FROM_TABLE, *SCALES)
"""Names of the entries of a token, in their order."""

LATE_BEATS, MEDIAN_BEATS = 600, 300
"""Beats on either side whose pre-RR intervals `pre_rr_late` and `pre_rr_median` compare with."""

STEP = 32
"""The quantiles of pre-RR intervals are taken at every so many beats, and interpolated between."""


def rhythm_tokens(beats: Beats, features: np.ndarray) -> np.ndarray:
    """Return a token for each beat: features, and what further ones a sequence of beats allows.

    - qrs_width_log = ln(qrs_width), qrs_rmse_log = ln(qrs_rmse), qrs_dissimilarity = ln(1 - qrs_correlation)
    - own_p_wave_correlation = `morphology.p_wave_correlation` of this beat alone
    - pre_rr = ln(pre-RR in s)
    - pre_rr_late = ln(pre-RR / 80th percentile of the pre-RR intervals of 600 beats on either side): where
      nearly all beats are premature for minutes, half an hour has late ones still
    - pre_rr_median = ln(pre-RR / median of those of 300 beats on either side)

    All need the whole record but no label; not causal.

    Args:
        beats: `n` beats of whole records.
        features: `(n, 11)` their features, from `table.beat_features`.

    Returns:
        `(n, 14)` float32 in the order of `ENTRIES`, scaled and cut as features are; 0 where unknown.
    """
    column = dict(zip(FEATURES, np.ascontiguousarray(features.T), strict=True))
    interval = np.ascontiguousarray(beats.rr[:, int(beats.rr_before) - 1])
    pre_rr = np.log(np.where(interval > 0, interval, np.nan))
    own_p_wave = in_blocks(
        lambda x, y: p_wave_correlation(x, y, float(beats.fs), int(beats.r_index)),
        beats.waveform,
        template_beats(beats, beats.waveform),
    )
    column |= {
        "qrs_width_log": np.log(np.maximum(column["qrs_width"], 0.2)),
        "qrs_rmse_log": np.log(np.maximum(column["qrs_rmse"], 0.003)),
        "qrs_dissimilarity": np.log(np.maximum(1 - column["qrs_correlation"], 0.0005)),
        "own_p_wave_correlation": own_p_wave,
        "pre_rr": pre_rr,
        "pre_rr_late": pre_rr - around(pre_rr, beats.record, beats=LATE_BEATS, share=0.8),
        "pre_rr_median": pre_rr - around(pre_rr, beats.record, beats=MEDIAN_BEATS, share=0.5),
    }
    scales = table.SCALES | SCALES
    return scaled(np.column_stack([column[name] for name in ENTRIES]), [scales[name] for name in ENTRIES])


def around(value: np.ndarray, record: np.ndarray, *, beats: int, share: float) -> np.ndarray:
    """Return a quantile of the known values around each beat in its record.

    Args:
        value: `(n,)`, NaN where unknown; the beats of a record in their order.
        record: `(n,)` name of each beat's record.
        beats: on either side that count; fewer at the record's ends.
        share: which quantile, 0..1.

    Returns:
        `(n,)` float, of every `STEP`th beat and in between interpolated; NaN where none is known.
    """
    made = np.empty(len(value))
    for name in np.unique(record):
        rows = np.flatnonzero(record == name)
        centre = np.unique(np.append(np.arange(0, len(rows), STEP), len(rows) - 1))
        padded = np.pad(value[rows], beats, constant_values=np.nan)
        windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * beats + 1)[centre]
        made[rows] = np.interp(np.arange(len(rows)), centre, in_blocks(lambda x: quantile(x, share), windows))
    return made
