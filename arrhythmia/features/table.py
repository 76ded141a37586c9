"""The measures of rhythm and shape that stand beside the waveform, and that the forest works on alone."""

from collections.abc import Iterable, Sequence

import numpy as np

from arrhythmia.ecg.beats import Beats
from arrhythmia.errors import DataError
from arrhythmia.features import morphology, rhythm
from arrhythmia.features.template import template_beat
from arrhythmia.utils.chunks import in_blocks

FEATURES = rhythm.FEATURES + morphology.FEATURES
"""Names of all features, in the order of their columns."""

SCALES = {
    "pre_rr_local": (0.0, 0.2),
    "post_rr_local": (0.0, 0.2),
    "pre_post_rr_ratio": (0.0, 0.25),
    "pre_rr_ratio": (0.0, 0.25),
    "pre_rr_global": (0.0, 0.2),
    "rr_irregularity": (0.08, 0.08),
    "qrs_width": (1.1, 0.6),
    "qrs_correlation": (0.95, 0.15),
    "qrs_rmse": (0.1, 0.12),
    "qrs_area_ratio": (0.0, 0.3),
    "p_wave_correlation": (0.7, 0.3),
}
"""Centre and spread by which each feature is scaled: round numbers near mean and standard deviation in DS1.
Fixed, so that no fold and no protocol learns anything from the patients it is tested on."""

OUTLIER = 5.0
"""Scaled values are cut at this many spreads: one odd interval must not outshout the waveform."""


def beat_features(beats: Beats) -> np.ndarray:
    """Return all features of all beats, `(n, 11)` float32, NaN where one is unknown.

    See `rhythm.rhythm_features` and `morphology.shape_features` for what each is. Together they need the
    whole record, but no label.
    """
    before = int(beats.rr_before)
    intervals = in_blocks(
        lambda rr, rr_long: rhythm.rhythm_features(rr, before, rr_long), beats.rr, beats.rr_long
    )
    shape = morphology.shape_features(
        beats.waveform,
        template_beats(beats, beats.waveform),
        beats.record,
        float(beats.fs),
        int(beats.r_index),
    )
    return np.column_stack([intervals, shape])


def scaled(values: np.ndarray, scales: Sequence[tuple[float, float]]) -> np.ndarray:
    """Scale columns by fixed centres and spreads.

    Args:
        values: `(n, k)`, NaN where unknown.
        scales: centre and spread of each of the `k` columns.

    Returns:
        `(n, k)` float32, cut at ±`OUTLIER`; 0 where unknown.
    """
    centre, spread = np.reshape(scales, (-1, 2)).T
    return np.nan_to_num(((values - centre) / spread).clip(-OUTLIER, OUTLIER)).astype(np.float32)


def columns_of(names: Iterable[str]) -> list[int]:
    """Return the columns of the features called `names`.

    Raises:
        DataError: there is no such feature.
    """
    unknown = sorted(set(names) - set(FEATURES))
    if unknown:
        raise DataError(f"there is no feature '{unknown[0]}'; known are {', '.join(FEATURES)}")
    return [FEATURES.index(name) for name in names]


def template_beats(beats: Beats, waveform: np.ndarray) -> np.ndarray:
    """Return the template beat of each beat's patient, in the units of `waveform`."""
    return template_beat(waveform, beats.rr[:, int(beats.rr_before) - 1], beats.record)
