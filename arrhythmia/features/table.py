"""The measures of rhythm and shape that stand beside the waveform, and that the forest works on alone."""

from collections.abc import Iterable

import numpy as np

from arrhythmia.ecg.beats import Beats
from arrhythmia.errors import DataError
from arrhythmia.features import morphology, rhythm
from arrhythmia.features.template import template_beat
from arrhythmia.utils.chunks import in_blocks

FEATURES = rhythm.FEATURES + morphology.FEATURES
"""Names of all features, in the order of their columns."""


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
