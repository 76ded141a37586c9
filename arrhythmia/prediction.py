"""Classifying a whole recording with a released network."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import wfdb

from arrhythmia.aami import LABELS
from arrhythmia.beats import Beats
from arrhythmia.ecg_files import Ecg
from arrhythmia.errors import DataError
from arrhythmia.model_inputs import usual_beats
from arrhythmia.recording_summary import summarize
from arrhythmia.released import DISCLAIMER, Released
from arrhythmia.signal_quality import Quality, check_alike, check_beats, check_length, check_quality
from arrhythmia.streaming import stream_beats


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
    released: Released,
    *,
    positions: np.ndarray | None = None,
    on_piece: Callable[[float], object] = lambda seconds: None,
) -> Prediction:
    """Find and classify the beats of a recording.

    Args:
        ecg: the recording.
        released: the network.
        positions: `(n,)` known R peaks, in samples, ascending; None to detect them.
        on_piece: called after each piece that was read with its length, s.

    Raises:
        DataError: the recording is not fit for it, with the reason.
    """
    where = str(ecg.path)
    check_length(where, ecg.length, ecg.fs)
    cut = {key: value for key, value in released.recipe.segment.items() if key != "window"}
    beats, quality = stream_beats(ecg, **cut, positions=positions, on_piece=on_piece)
    check_quality(where, quality)
    check_beats(where, beats.waveform)
    if positions is None:
        check_alike(where, beats.waveform, usual_beats(beats, beats.waveform))
    probability = released.probability(beats)
    summary = _summary(ecg, released, quality, beats, probability)
    return Prediction(ecg, beats.sample, probability, summary)


def read_annotations(ecg: Ecg, annotator: str) -> tuple[np.ndarray, np.ndarray]:
    """Read the annotations that stand beside a WFDB record.

    Args:
        ecg: the recording.
        annotator: suffix of the file, such as `atr`.

    Returns:
        `(m,)` positions, in samples, and `(m,)` symbols of all annotations.

    Raises:
        DataError: there is no such file, it is damaged, or there is no beat in it.
    """
    if "/" in annotator or not annotator:
        raise DataError(f"'{annotator}' is no name of annotations; name the suffix of a file, such as atr")
    path = ecg.path.with_name(f"{ecg.path.name}.{annotator}")
    if not path.is_file():
        raise DataError(f"{path}: missing; --beats and --compare need a WFDB record with annotations")
    if path.read_bytes()[-2:] != b"\0\0":  # a pair of zeros is the last (annot(5)); wfdb does not look for it
        raise DataError(f"{path}: empty or cut short, its end mark is missing")
    try:
        read = wfdb.rdann(str(ecg.path), annotator)
    except Exception as error:  # on damaged bytes wfdb raises whatever it stumbles over
        raise DataError(f"{path}: cannot be read as WFDB annotations") from error
    sample, symbol = np.asarray(read.sample, dtype=np.int64), np.asarray(read.symbol, dtype=str)
    if not np.isin(symbol, list(LABELS)).any():
        raise DataError(f"{path}: no beat annotation in it")
    if (np.diff(sample) < 0).any() or sample[0] < 0 or sample[-1] >= ecg.length:
        raise DataError(f"{path}: annotations out of order or outside the record's {ecg.length} samples")
    return sample, symbol


def _summary(
    ecg: Ecg, released: Released, quality: Quality, beats: Beats, probability: np.ndarray
) -> dict[str, Any]:
    recipe = released.recipe
    trained = f"{recipe.model}, {recipe.protocol}"
    return {
        "note": DISCLAIMER,
        "recording": ecg.name,
        "lead": ecg.lead,
        "fs": ecg.fs,
        "duration_s": round(ecg.length / ecg.fs, 2),
        "share": quality.shares(),
        "model": f"{trained}, trained on SYNTHETIC recordings" if recipe.source == "synthetic" else trained,
        **summarize(beats.sample / ecg.fs, beats.rr[:, int(beats.rr_before) - 1], probability),
    }
