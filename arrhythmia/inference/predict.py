"""Classifying a whole recording with an ONNX network."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from arrhythmia.formats.ecg import Ecg
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

STRIP_EVERY = 3
"""Of the conditioned signal every third sample is kept for people to look at: 120 Hz."""

STRIP_STEP = 0.01
"""In steps of so much, mV: a tenth of a millimetre on paper."""


@dataclass(frozen=True)
class Prediction:
    """What a network says about a recording.

    Attributes:
        ecg: the recording.
        sample: `(n,)` positions of the beats, in samples.
        probability: `(n, 5)` calibrated probabilities of the classes.
        summary: ready for JSON.
        rejected: `(r,)` positions of detections that are no beats, in samples.
        strip: `(m,)` int16, the conditioned signal in steps of `STRIP_STEP`, every `STRIP_EVERY`-th of its
            samples; None if it was not asked for.
    """

    ecg: Ecg
    sample: np.ndarray
    probability: np.ndarray
    summary: dict[str, Any]
    rejected: np.ndarray
    strip: np.ndarray | None = None

    @property
    def label(self) -> np.ndarray:
        """The most probable class of each beat, `(n,)` index into `aami.CLASSES`."""
        return self.probability.argmax(axis=1)


def predict(
    ecg: Ecg,
    network: OnnxNetwork,
    *,
    positions: np.ndarray | None = None,
    threads: int = 1,
    on_piece: Callable[[float], object] = lambda seconds: None,
    keep_strip: bool = False,
) -> Prediction:
    """Find and classify the beats of a recording.

    Args:
        ecg: the recording.
        network: the network.
        positions: `(n,)` known R peaks, in samples, ascending; None to detect them.
        threads: cores to use; their number changes no answer.
        on_piece: called after each piece that was read with its length, s.
        keep_strip: whether to keep the signal for people to look at, 21 MB a day.

    Raises:
        DataError: the recording is not fit for it, with the reason.
    """
    where = str(ecg.path)
    check_length(where, ecg.length, ecg.fs)
    cut = {key: value for key, value in network.config.segment.items() if key != "window"}
    strip: list[np.ndarray] = []
    keep = {"on_signal": lambda signal, first: strip.append(thinned(signal, first))} if keep_strip else {}
    found = stream_beats(ecg, **cut, positions=positions, threads=threads, on_piece=on_piece, **keep)
    beats = found.beats
    check_beats(where, beats.waveform, found.state, known=positions is not None)
    if positions is None:
        check_alike(where, found.detections.alike, found.detections.faint)
    probability = network.probability(beats, threads=threads)
    notes = [*ecg.notes, *signal_notes(found.measures, found.faint)]
    if positions is not None and len(beats) < len(positions):
        notes.append(f"{len(positions) - len(beats)} known beats lie in lost signal, and are left out")
    known = {
        "note": DISCLAIMER,
        "recording": ecg.name,
        "lead": ecg.lead,
        "fs": ecg.fs,
        "notes": notes,
        "duration_s": round(ecg.length / ecg.fs, 2),
        "share": shares_of(found.state),
        "parts": [asdict(part) for part in parts_of(found.state)],
        "removed": removed(found.measures),
        "rejected": len(found.rejected),
        "inverted": polarity(beats.waveform) < 0,
        "model": _model_name(network),
    }
    rr = beats.rr[:, int(beats.rr_before) - 1]
    return Prediction(
        ecg,
        beats.sample,
        probability,
        known | summarize(beats.sample / ecg.fs, rr, probability),
        found.rejected,
        np.concatenate(strip) if keep_strip else None,
    )


def thinned(signal: np.ndarray, first: int) -> np.ndarray:
    """Return every `STRIP_EVERY`-th sample of a signal, int16 in steps of `STRIP_STEP`.

    It needs no filter: above 40 Hz there is nothing left.

    Args:
        signal: `(n,)` mV at `FS`.
        first: position of its first sample in the recording; those at multiples of `STRIP_EVERY` are kept.
    """
    kept = signal[-first % STRIP_EVERY :: STRIP_EVERY] / STRIP_STEP
    return np.clip(np.round(kept), -32768, 32767).astype(np.int16)


def _model_name(network: OnnxNetwork) -> str:
    config = network.config
    trained = f"{config.model}, {config.protocol}"
    return f"{trained}, trained on SYNTHETIC recordings" if config.source == "synthetic" else trained
