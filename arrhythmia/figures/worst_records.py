"""The records with the most mistakes, each with ten seconds of its ECG and what its header says."""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from arrhythmia.aami import CLASSES, labels_of
from arrhythmia.ecg.recording import Recording
from arrhythmia.evaluation.mistakes import densest
from arrhythmia.figures.strips import draw_ecg
from arrhythmia.figures.style import COLOURS, GREY, styled

SECONDS = 10.0
"""ECG shown of each record, s."""

SEXES = {"M": "Man", "F": "Woman"}


@dataclass(frozen=True)
class Excerpt:
    """Some seconds of one record with the annotated and the predicted classes of its beats.

    Attributes:
        caption: the record and its mistakes in a line.
        remarks: what the header tells of patient and recording.
        unit: of the signal.
        time: `(k,)` s from the first sample shown.
        signal: `(k,)`.
        beat_time: `(b,)` s, the labelled beats.
        beat_symbol: `(b,)` str: their annotation symbols.
        predicted: `(b,)` str: the letter of the predicted class; empty for a beat that is not a test beat.
        wrong: `(b,)` bool: whether that is not the class of the beat.
    """

    caption: str
    remarks: str
    unit: str
    time: np.ndarray
    signal: np.ndarray
    beat_time: np.ndarray
    beat_symbol: np.ndarray
    predicted: np.ndarray
    wrong: np.ndarray


def excerpt(recording: Recording, sample: np.ndarray, label: np.ndarray, predicted: np.ndarray) -> Excerpt:
    """Cut out the seconds that hold most of the commonest kind of mistake.

    Args:
        recording: with `fs` in Hz and `signal` in mV.
        sample: `(t,)` positions of its test beats, in samples of the recording.
        label: `(t,)` labels 0..4 of these beats.
        predicted: `(t,)` labels 0..4.
    """
    wrong = label != predicted
    pairs, times = np.unique(np.stack([label, predicted])[:, wrong], axis=1, return_counts=True)
    actual, guess = pairs[:, times.argmax()]
    width = round(SECONDS * recording.fs)
    middle = densest(sample[(label == actual) & (predicted == guess)], width)
    start = int(np.clip(middle - width // 2, 0, max(len(recording.signal) - width, 0)))
    end = min(start + width, len(recording.signal))
    # A letter at the very edge would be cut.
    shown = np.abs(recording.sample - (start + end) / 2) < 0.99 * (end - start) / 2
    shown &= labels_of(recording.symbol) >= 0
    place = {int(at): i for i, at in enumerate(sample)}
    at = [place.get(int(beat), -1) for beat in recording.sample[shown]]
    minutes, seconds = divmod(round(start / recording.fs), 60)
    return Excerpt(
        caption=f"record {recording.name}: {wrong.sum():,} of {len(label):,} test beats wrong "
        f"({wrong.mean():.1%}), {times.max():,} of them {CLASSES[actual]} classified as {CLASSES[guess]}; "
        f"from {minutes}:{seconds:02d}",
        remarks=about(recording.comments),
        unit=f"{recording.lead}, mV",
        time=np.arange(end - start) / recording.fs,
        signal=recording.signal[start:end],
        beat_time=(recording.sample[shown] - start) / recording.fs,
        beat_symbol=recording.symbol[shown],
        predicted=np.array([CLASSES[predicted[i]] if i >= 0 else "" for i in at], dtype=str),
        wrong=np.array([i >= 0 and wrong[i] for i in at], dtype=bool),
    )


def about(comments: Sequence[str]) -> str:
    """Word the lines of a header: age, sex and medication by name, without the numbers of the recorder."""
    patient = re.fullmatch(r"(-?\d+) ([MF]) \S+ \S+ x\d", comments[0].strip()) if comments else None
    if not patient or len(comments) < 2:
        return _one_line(comments)
    age = "age unknown" if patient[1] == "-1" else f"{patient[1]} years"
    return f"{SEXES[patient[2]]}, {age}; medication: {comments[1].strip()}. {_one_line(comments[2:])}".strip()


def _one_line(lines: Sequence[str]) -> str:
    return " ".join(" ".join(lines).split())


@styled
def worst_figure(excerpts: Sequence[Excerpt], *, title: str) -> Figure:
    """Draw the excerpts one below the other, symbols above the ECG and predicted classes below."""
    rows = max(1, len(excerpts))
    figure = Figure(figsize=(12, 0.9 + 2.8 * rows))
    every = figure.subplots(rows, 1, squeeze=False)[:, 0]
    for axes, shown in zip(every, excerpts, strict=False):
        _draw(axes, shown)
    for axes in every[len(excerpts) :]:
        axes.set_axis_off()
    figure.suptitle(title if len(excerpts) else f"{title}: none")
    figure.supxlabel(
        "time, s; above the ECG the annotation symbols, below it the predicted classes of test beats "
        "(mistakes in red)",
        fontsize=10,
    )
    return figure


def _draw(axes: Axes, shown: Excerpt) -> None:
    draw_ecg(axes, shown.time, shown.signal, unit=shown.unit, below=0.25, above=0.2)
    axes.set_xlim(0, SECONDS)
    across = {"transform": axes.get_xaxis_transform(), "ha": "center"}
    for time, symbol, letter, wrong in zip(
        shown.beat_time, shown.beat_symbol, shown.predicted, shown.wrong, strict=True
    ):
        axes.text(time, 0.97, symbol, va="top", **across)
        colour, weight = (COLOURS["V"], "bold") if wrong else (GREY, "normal")
        axes.text(time, 0.03, letter, va="bottom", color=colour, weight=weight, **across)
        if wrong:
            axes.axvspan(time - 0.12, time + 0.12, color=COLOURS["V"], alpha=0.12, linewidth=0)
    lines = textwrap.wrap(shown.remarks, 150)
    axes.set_title(shown.caption, loc="left", pad=8 + 13 * len(lines))
    axes.text(0, 1.03, "\n".join(lines), transform=axes.transAxes, va="bottom", fontsize=9, color="#444444")
