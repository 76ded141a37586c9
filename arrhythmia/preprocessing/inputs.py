"""What the networks take: from the table of beats to scaled waveforms and features, in training and after."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from arrhythmia.ecg.beats import Beats
from arrhythmia.features.table import SCALES, columns_of, scaled, template_beats
from arrhythmia.preprocessing.scaling import FITTED, Scaler, fit_scaler, scale_by_beat, scale_by_record
from arrhythmia.utils.chunks import in_blocks


@dataclass(frozen=True)
class Preprocessor:
    """How the inputs are made, with all numbers that were fitted on training rows.

    Attributes:
        method: of scaling the waveforms, one of `scaling.METHODS`.
        template_channel: whether the beat minus its patient's template beat is a second channel.
        features: their names, in the order of the columns.
        waveform_shift: `(length,)` mV, for `standard` and `minmax`; empty for methods that need no fit.
        waveform_scale: the same.
    """

    method: str
    template_channel: bool
    features: tuple[str, ...]
    waveform_shift: np.ndarray
    waveform_scale: np.ndarray

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return all fields as arrays, to be saved."""
        return {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> Self:
        """Take the fields from what `to_arrays` returned."""
        named = {"method": str(arrays["method"]), "template_channel": bool(arrays["template_channel"])}
        return cls(**arrays | named | {"features": tuple(map(str, arrays["features"]))})


def fit_preprocessor(
    beats: Beats, train: np.ndarray, *, method: str, template_channel: bool, features: list[str]
) -> Preprocessor:
    """Fit what there is to fit on the rows `train`.

    Args:
        beats: all beats.
        train: row numbers of the training beats, the only ones that are looked at for scaling.
        method: of scaling the waveforms.
        template_channel: whether to add the second channel.
        features: names of those that the network is given.
    """
    none = Scaler(np.empty(0), np.empty(0))
    shapes = fit_scaler(beats.waveform[train], method) if method in FITTED else none
    return Preprocessor(
        method,
        template_channel,
        tuple(features),
        waveform_shift=shapes.shift,
        waveform_scale=shapes.scale,
    )


def model_inputs(beats: Beats, table: np.ndarray, preprocessor: Preprocessor) -> dict[str, np.ndarray]:
    """Return `waveform (n, length, 1 or 2)` and `features (n, k)`, float32, of all beats.

    The second channel and the method `record` look at all beats of a record, so it must be there as a whole;
    labels are not looked at.

    Args:
        beats: `n` beats of whole records.
        table: `(n, 11)` their features, from `features.table.beat_features`.
        preprocessor: as fitted on training rows.

    Raises:
        DataError: an unknown feature.
    """
    chosen = table[:, columns_of(preprocessor.features)]
    # a day's beats are held once: filled in place, without copies beside it
    waveform = np.empty((*beats.waveform.shape, 2 if preprocessor.template_channel else 1), dtype=np.float32)
    scale_waveform(beats, preprocessor, out=waveform[:, :, 0])
    if preprocessor.template_channel:
        np.subtract(waveform[:, :, 0], template_beats(beats, waveform[:, :, 0]), out=waveform[:, :, 1])
    features = scaled(chosen, [SCALES[name] for name in preprocessor.features])
    return {"waveform": waveform, "features": features}


def scale_waveform(beats: Beats, preprocessor: Preprocessor, *, out: np.ndarray) -> None:
    """Write the waveforms scaled by `preprocessor.method` to `out`, `(n, length)` float32."""
    if preprocessor.method == "record":
        scale_by_record(beats.waveform, beats.record, out=out)
    elif preprocessor.method == "beat":
        in_blocks(scale_by_beat, beats.waveform, out=out)
    else:
        in_blocks(Scaler(preprocessor.waveform_shift, preprocessor.waveform_scale), beats.waveform, out=out)
