"""Whether disturbances of a recording change what is said of it: experiments/results/robustness.csv.

arrhythmia study robustness                 # two minutes, on the recordings in data/raw

Eight half hours of DS1 are disturbed, one way at a time, and predicted by the released network; the reference
is its own answer to the recording as it is. So this measures agreement, not whether either answer is right.
"""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.signal import butter, resample_poly, sosfiltfilt

from arrhythmia import paths
from arrhythmia.aami import CLASSES, S, V
from arrhythmia.command_line import command_parser
from arrhythmia.errors import DataError
from arrhythmia.evaluation.beat_matching import beat_by_beat
from arrhythmia.formats.ecg import Ecg
from arrhythmia.formats.recordings import open_ecg
from arrhythmia.inference.model import OnnxNetwork, load_network, pretrained
from arrhythmia.inference.predict import Prediction, predict
from arrhythmia.scoring import ec57, metrics
from arrhythmia.scoring.ec57 import EXTRA, MISSED
from arrhythmia.utils.files import write_text
from arrhythmia.utils.markdown import markdown_table

RECORDS = ("109", "118", "119", "201", "203", "208", "209", "223")
"""Of DS1, with many beats of classes S and V."""

FS = 360
"""Sampling rate of the recordings, Hz."""

Signal = np.ndarray
Disturbance = Callable[[Signal, np.random.Generator], tuple[Signal, float]]
"""Takes `(n,)` mV at `FS` and a source of chance; returns the signal and its sampling rate, Hz."""


def main(argv: list[str]) -> None:
    """Write one row a disturbance, and print the table of docs/predict.md."""
    command_parser("study robustness", __doc__).parse_args(argv)
    folder = pretrained("all_patients")
    network = load_network(folder / "cnn.onnx", folder / "cnn.json")
    signals = {name: whole(open_ecg(paths.RAW / name)) for name in RECORDS}
    answers = {name: answer(signal, FS, network) for name, signal in signals.items()}
    rows = []
    for number, (disturbance, disturb) in enumerate(DISTURBANCES.items()):
        counts, refused = np.zeros((EXTRA + 1, MISSED + 1), dtype=int), 0
        for name, signal in signals.items():
            disturbed, fs = disturb(signal, np.random.default_rng([number, int(name)]))
            try:
                counts += agreement(answers[name], answer(disturbed, fs, network))
            except DataError:
                refused += 1
        found = scores(counts)
        rows.append({"disturbance": disturbance, **found, "refused": refused})
        said = ", ".join(f"{score} {cell(value)} %" for score, value in found.items())
        print(f"[{number + 1}/{len(DISTURBANCES)}] {disturbance}: {said}", flush=True)
    table = pd.DataFrame(rows)
    write_text(paths.ROBUSTNESS, table.to_csv(index=False, float_format="%.4f", lineterminator="\n"))
    print(
        markdown_table(list(table.columns), [[cell(x) for x in row] for row in table.to_numpy(dtype=object)])
    )


def whole(ecg: Ecg) -> Signal:
    """Return all samples of a recording, mV."""
    return ecg.read(0, ecg.length)


def answer(signal: Signal, fs: float, network: OnnxNetwork) -> Prediction:
    """Predict a signal at `fs` (Hz)."""
    signal = signal.astype(np.float32)
    return predict(
        Ecg(Path("disturbed"), fs, "II", len(signal), lambda start, stop: signal[start:stop]), network
    )


def agreement(reference: Prediction, other: Prediction) -> np.ndarray:
    """Return the counts of `beat_by_beat`, with the beats of `reference` as the reference."""
    symbol = np.array(CLASSES)[reference.label]
    sample = np.round(other.sample * reference.ecg.fs / other.ecg.fs).astype(np.int64)
    return beat_by_beat(reference.sample.astype(np.int64), symbol, sample, other.label, reference.ecg.fs)


def scores(counts: np.ndarray) -> dict[str, float]:
    """Return how well two answers agree, 0..1: beats found, equal classes, and F1 of S and V.

    F1 is NaN for a class without beats in the reference.

    Args:
        counts: `(6, 6)` from `beat_by_beat`.
    """
    pairs = counts[:EXTRA, :MISSED]
    found = {name: float(share) for name, share in ec57.detection(counts).items()}
    by_class = metrics.per_class(counts)  # with what is missed or extra: it counts as wrong
    f1 = np.where(by_class["support"] > 0, by_class["f1"], np.nan)
    return found | {"labels": np.trace(pairs) / pairs.sum(), "f1_S": float(f1[S]), "f1_V": float(f1[V])}


def cell(value: str | float) -> str:
    """Return a cell of the printed table: shares in percent."""
    return f"{100 * value:.1f}" if isinstance(value, float) else str(value)


def at_rate(fs: int) -> Disturbance:
    """Record at another rate, with an anti-aliasing filter."""
    ratio = Fraction(fs, FS)
    return lambda signal, rng: (resample_poly(signal, ratio.numerator, ratio.denominator, padtype="line"), fs)


def with_hum(frequency: float, amplitude: float, fs: int = FS) -> Disturbance:
    """Add mains hum (Hz, mV) of a random phase, as a recorder at `fs` (Hz) sees it."""

    def disturb(signal: Signal, rng: np.random.Generator) -> tuple[Signal, float]:
        slow, _ = at_rate(fs)(signal, rng)
        phase = rng.uniform(0, 2 * np.pi)
        return slow + amplitude * np.sin(2 * np.pi * frequency * np.arange(len(slow)) / fs + phase), fs

    return disturb


def with_wander(signal: Signal, rng: np.random.Generator) -> tuple[Signal, float]:
    """Add a wander of 1 mV at the rate of respiration, 0.25 Hz."""
    phase = rng.uniform(0, 2 * np.pi)
    return signal + np.sin(2 * np.pi * 0.25 * np.arange(len(signal)) / FS + phase), FS


def with_steps(signal: Signal, rng: np.random.Generator) -> tuple[Signal, float]:
    """Shift the baseline by 2 mV up or down every half minute."""
    steps = rng.choice([-1.0, 1.0], size=len(signal) // (30 * FS) + 1)
    return signal + np.repeat(steps, 30 * FS)[: len(signal)], FS


def with_muscle_noise(signal: Signal, rng: np.random.Generator) -> tuple[Signal, float]:
    """Add noise of 0.1 mV (RMS) between 20 and 150 Hz, as of muscles."""
    filter_ = butter(2, (20, 150), "bandpass", fs=FS, output="sos")
    noise = sosfiltfilt(filter_, rng.standard_normal(len(signal)))
    return signal + 0.1 * noise / noise.std(), FS


def clipped(signal: Signal, rng: np.random.Generator) -> tuple[Signal, float]:
    """Cut off what lies beyond the 1st and 99th percentile."""
    return np.clip(signal, *np.quantile(signal, [0.01, 0.99])), FS


DISTURBANCES: dict[str, Disturbance] = {
    **{f"gain {gain:g}": lambda x, rng, gain=gain: (gain * x, FS) for gain in (0.5, 2, 5)},
    "offset 5 mV": lambda x, rng: (x + 5, FS),
    "inverted": lambda x, rng: (-x, FS),
    **{f"{fs} Hz": at_rate(fs) for fs in (100, 128, 250, 500, 512, 1000)},
    "hum of 50 Hz, 0.1 mV": with_hum(50, 0.1),
    "hum of 50 Hz, 0.3 mV": with_hum(50, 0.3),
    "hum of 49.9 Hz, 0.3 mV": with_hum(49.9, 0.3),
    "hum of 60 Hz, 0.3 mV": with_hum(60, 0.3),
    "hum of 60 Hz, 0.3 mV, at 128 Hz": with_hum(60, 0.3, 128),
    "wander of 1 mV": with_wander,
    "steps of 2 mV": with_steps,
    "muscle noise of 0.1 mV": with_muscle_noise,
    "clipped": clipped,
}
"""What is done to each recording."""
