"""The measures of rhythm and shape that stand beside the waveform, and that the forest works on alone."""

import numpy as np

from arrhythmia import morphology, rhythm
from arrhythmia.beats import Beats
from arrhythmia.blocks import in_blocks
from arrhythmia.errors import DataError

FEATURES = rhythm.FEATURES + morphology.FEATURES
"""Names of all features, in the order of their columns."""


def beat_features(beats: Beats, reference: np.ndarray) -> np.ndarray:
    """Return the features of all beats, `(n, 11)` float32, NaN where one is unknown.

    See `rhythm.rhythm_features` and `morphology.shape_features` for what each is. Together they need the
    whole record, but no label.

    Args:
        beats: `n` beats.
        reference: `(n, length)` from `morphology.reference_beat`.
    """
    before = int(beats.rr_before)
    intervals = in_blocks(
        lambda rr, rr_long: rhythm.rhythm_features(rr, before, rr_long), beats.rr, beats.rr_long
    )
    shape = morphology.shape_features(
        beats.waveform, reference, beats.record, float(beats.fs), int(beats.r_index)
    )
    return np.column_stack([intervals, shape])


def columns_of(names: list[str]) -> list[int]:
    """Return the columns of the features called `names`.

    Raises:
        DataError: there is no such feature.
    """
    unknown = sorted(set(names) - set(FEATURES))
    if unknown:
        raise DataError(
            f"params.yaml: normalize.features has '{unknown[0]}'; known are {', '.join(FEATURES)}"
        )
    return [FEATURES.index(name) for name in names]
