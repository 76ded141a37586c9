"""Classifying a whole recording with an ONNX network."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from arrhythmia.ecg.formats import Ecg
from arrhythmia.features.table import template_beats
from arrhythmia.inference.disclaimer import DISCLAIMER
from arrhythmia.inference.model import OnnxNetwork
from arrhythmia.inference.quality import (
    check_alike,
    check_beats,
    check_length,
    parts_of,
    removed,
    shares_of,
    signal_notes,
)
from arrhythmia.inference.streaming import stream_beats
from arrhythmia.inference.summary import summarize
from arrhythmia.preprocessing.scaling import polarity


@dataclass(frozen=True)
class Prediction:
    """What a network says about a recording.

    Attributes:
        ecg: the recording.
        sample: `(n,)` positions of the beats, in samples.
        probability: `(n, 5)` calibrated probabilities of the classes.
        summary: ready for JSON.
    """

    ecg: Ecg
    sample: np.ndarray
    probability: np.ndarray
    summary: dict[str, Any]


def predict(
    ecg: Ecg,
    network: OnnxNetwork,
    *,
    positions: np.ndarray | None = None,
    on_piece: Callable[[float], object] = lambda seconds: None,
) -> Prediction:
    """Find and classify the beats of a recording.

    Args:
        ecg: the recording.
        network: the network.
        positions: `(n,)` known R peaks, in samples, ascending; None to detect them.
        on_piece: called after each piece that was read with its length, s.

    Raises:
        DataError: the recording is not fit for it, with the reason.
    """
    where = str(ecg.path)
    check_length(where, ecg.length, ecg.fs)
    cut = {key: value for key, value in network.config.segment.items() if key != "window"}
    found = stream_beats(ecg, **cut, positions=positions, on_piece=on_piece)
    beats = found.beats
    check_beats(where, beats.waveform, found.state)
    if positions is None:
        check_alike(where, beats.waveform, template_beats(beats, beats.waveform), found.faint)
    probability = network.probability(beats)
    known = {
        "note": DISCLAIMER,
        "recording": ecg.name,
        "lead": ecg.lead,
        "fs": ecg.fs,
        "notes": [*ecg.notes, *signal_notes(found.measures, found.faint)],
        "duration_s": round(ecg.length / ecg.fs, 2),
        "share": shares_of(found.state),
        "parts": [asdict(part) for part in parts_of(found.state)],
        "removed": removed(found.measures),
        "inverted": polarity(beats.waveform) < 0,
        "model": _model_name(network),
    }
    rr = beats.rr[:, int(beats.rr_before) - 1]
    return Prediction(
        ecg, beats.sample, probability, known | summarize(beats.sample / ecg.fs, rr, probability)
    )


def _model_name(network: OnnxNetwork) -> str:
    config = network.config
    trained = f"{config.model}, {config.protocol}"
    return f"{trained}, trained on SYNTHETIC recordings" if config.source == "synthetic" else trained
