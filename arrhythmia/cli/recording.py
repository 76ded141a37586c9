"""From a file to the files of its prediction, in a process of its own."""

import argparse
from pathlib import Path

import numpy as np

from arrhythmia.aami import LABELS
from arrhythmia.cli.limited import Report
from arrhythmia.cli.outcome import Outcome
from arrhythmia.errors import DataError, wants_memory
from arrhythmia.evaluation.beat_matching import beat_by_beat
from arrhythmia.formats.annotations import read_annotations
from arrhythmia.formats.guard import guarded
from arrhythmia.formats.names import kind
from arrhythmia.formats.recordings import OPTIONS, open_ecg
from arrhythmia.inference.model import OnnxNetwork, load_network, pretrained
from arrhythmia.inference.outputs import write_prediction
from arrhythmia.inference.predict import Prediction, predict

LIKELY_RATES = (30, 220)
"""Median heart rates, beats a minute, outside which the sampling rate is rather wrong; in DS1 53 to 113."""

SECONDS_A_MINUTE = 1.0
"""Of computing that a minute of recording may take; it takes about a hundredth of that."""


def predict_recording(path: Path, report: Report, *, asked: argparse.Namespace, threads: int = 1) -> Outcome:
    """Predict one recording and write the results; whatever is wrong with it ends in one line.

    Args:
        path: the recording.
        report: how long it may take, and how far it is.
        asked: the options of `arrhythmia predict`.
        threads: cores to use.
    """
    try:
        network = network_asked_for(asked)
    except DataError as error:
        return Outcome(f"error: {error}", failed=True, hopeless=True)
    try:
        with guarded(path, "cannot be predicted"):
            prediction, reference = _predicted(path, report, network, asked, threads)
    except DataError as error:
        return Outcome(f"error: {error}", failed=True)
    try:
        write_prediction(asked.out, prediction)
    except OSError as error:
        reason = error.strerror or error
        return Outcome(f"error: {path}: nothing written to {asked.out} ({reason})", failed=True)
    counts = None
    if reference is not None:
        counts = beat_by_beat(*reference, prediction.sample, prediction.label, prediction.ecg.fs)
    notes = tuple(f"note: {path}: {note}" for note in prediction.summary["notes"])
    return Outcome(summary_line(prediction), name=prediction.ecg.name, notes=notes, counts=counts)


def network_asked_for(asked: argparse.Namespace) -> OnnxNetwork:
    """Load the network of the options, one of the pretrained ones if no folder is named."""
    folder = asked.models or pretrained("all_patients")
    network = folder / f"{asked.model}{'.int8' if asked.int8 else ''}.onnx"
    try:
        return load_network(network, folder / f"{asked.model}.json")
    except DataError as error:
        if wants_memory(error):
            raise MemoryError from error
        raise


def _predicted(
    path: Path, report: Report, network: OnnxNetwork, asked: argparse.Namespace, threads: int
) -> tuple[Prediction, tuple[np.ndarray, np.ndarray] | None]:
    settings = {name: getattr(asked, name) for name in OPTIONS[kind(path)]}
    ecg = open_ecg(path, **settings, unit=asked.unit, largest=1e6 * asked.max_size)
    reference = read_annotations(ecg, asked.compare) if asked.compare else None
    positions = beats_among(*read_annotations(ecg, asked.beats), where=str(path)) if asked.beats else None
    duration = ecg.length / ecg.fs
    report.grant(asked.max_seconds + SECONDS_A_MINUTE * duration / 60)
    seen = 0.0

    def on_piece(seconds: float) -> None:
        nonlocal seen
        seen += seconds
        report.done(seen / duration)

    settings = {"positions": positions, "threads": threads, "keep_strip": asked.page}
    return predict(ecg, network, on_piece=on_piece, **settings), reference


def beats_among(sample: np.ndarray, symbol: np.ndarray, *, where: str) -> np.ndarray:
    """Return the positions of the annotations that are labelled beats.

    Raises:
        DataError: two are at one place, as where each channel has its own.
    """
    beats = sample[np.isin(symbol, list(LABELS))]
    if (twice := np.diff(beats) == 0).any():
        place = beats[:-1][twice][0]
        raise DataError(
            f"{where}: two of the beats that --beats names are at sample {place}; leave one, or let them be "
            "detected"
        )
    return beats


def summary_line(prediction: Prediction) -> str:
    """Return a recording's summary in one line."""
    found = prediction.summary
    counts = " ".join(f"{name} {count}" for name, count in found["counts"].items())
    burden, runs, rate = found["burden_percent"], found["longest_run"], found["heart_rate"]["median"]
    unusable = [f"; {100 * share:.1f} % {name}" for name, share in found["share"].items() if share]
    likely = rate is None or LIKELY_RATES[0] <= rate <= LIKELY_RATES[1]
    heart_rate = "heart rate unknown" if rate is None else f"{rate}/min"
    return (
        f"{found['recording']}: {found['beats']} beats ({counts}); S {burden['S']} %, V {burden['V']} %; "
        f"longest run S {runs['S']['beats']}, V {runs['V']['beats']}; {heart_rate}; "
        f"{found['uncertain_percent']} % uncertain"
        + (f"; {found['rejected']} detections rejected" if found["rejected"] else "")
        + "".join(unusable)
        + ("" if likely else "; no likely heart rate: is the sampling rate right?")
    )
