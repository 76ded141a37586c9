"""One simulated patient of each kind: RR intervals of some minutes, and the ECG where something happens."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from arrhythmia.aami import CLASSES, labels_of
from arrhythmia.ecg.recording import Recording
from arrhythmia.figures.strips import draw_ecg
from arrhythmia.figures.style import COLOURS, GREY, styled

TACHOGRAM = 240
"""Time of the RR intervals shown, s."""

STRIP = 8
"""Time of the ECG shown, s."""


@styled
def rhythms(recordings: Sequence[Recording], titles: Sequence[str], symbols: Sequence[str]) -> Figure:
    """Draw a row for each recording: on the left its RR intervals by class, on the right a piece of ECG.

    Args:
        recordings: one a row.
        titles: of the rows.
        symbols: of the beats that the piece of ECG shall show, beside changes between normal intervals.
    """
    figure = Figure(figsize=(15, 1.9 * len(recordings)))
    rows = figure.subplots(len(recordings), 2, squeeze=False, width_ratios=(2, 3))
    for (left, right), recording, title, wanted in zip(rows, recordings, titles, symbols, strict=True):
        middle = interesting(recording, wanted)
        start = max(0.0, min(middle - TACHOGRAM / 2, recording.sample[-1] / recording.fs - TACHOGRAM))
        _tachogram(left, recording, start)
        _strip(right, recording, middle - STRIP / 2)
        left.axvspan(middle - STRIP / 2, middle + STRIP / 2, color=GREY, alpha=0.3, linewidth=0)
        left.set_title(title, loc="left")
    rows[-1, 0].set_xlabel("time, s")
    rows[-1, 1].set_xlabel("time, s; letters are the annotation symbols of beats other than N")
    rows[0, 1].legend(
        handles=[Patch(color=COLOURS[name], label=name) for name in CLASSES],
        ncols=len(CLASSES),
        loc="lower right",
        bbox_to_anchor=(1, 1),
    )
    return figure


def interesting(recording: Recording, symbols: str) -> float:
    """Return the time (s) around which most beats have one of `symbols` or change the normal interval."""
    time = recording.sample / recording.fs
    wanted = np.isin(recording.symbol, list(symbols))
    known = wanted | (recording.symbol == "N")
    change = np.abs(np.diff(np.log(np.diff(time)), prepend=0, append=0))
    change = np.concatenate([[0], change])[: len(time)] * (known & np.roll(known, 1) & np.roll(known, -1))
    counted = 0.2 * np.minimum(change, 0.5) + wanted
    inside = (time > STRIP) & (time < time[-1] - STRIP)
    total = np.concatenate([[0], np.cumsum(counted)])
    first, last = (np.searchsorted(time, time + side * STRIP / 2) for side in (-1, 1))
    return float(time[np.where(inside, total[last] - total[first], -1).argmax()])


def _tachogram(axes: Axes, recording: Recording, start: float) -> None:
    time = recording.sample / recording.fs
    interval, label = np.diff(time), labels_of(recording.symbol)[1:]
    shown = (time[1:] > start) & (time[1:] < start + TACHOGRAM)
    axes.plot(time[1:][shown], interval[shown], color=GREY, linewidth=0.4)
    for index, name in enumerate(CLASSES):
        rows = shown & (label == index)
        axes.scatter(time[1:][rows], interval[rows], s=7, color=COLOURS[name], linewidth=0, zorder=2)
    axes.set_ylim(0, max(1.2, 1.1 * interval[shown].max()))
    axes.set_ylabel("RR, s")


def _strip(axes: Axes, recording: Recording, start: float) -> None:
    first, last = round(start * recording.fs), round((start + STRIP) * recording.fs)
    time = np.arange(first, last) / recording.fs
    draw_ecg(axes, time, recording.signal[first:last], unit="mV", below=0.05, above=0.2)
    axes.set_xlim(start, start + STRIP)
    inside = (recording.sample > first) & (recording.sample < last)
    for sample, symbol in zip(recording.sample[inside], recording.symbol[inside], strict=True):
        if symbol != "N":
            axes.text(
                sample / recording.fs,
                0.98,
                symbol,
                transform=axes.get_xaxis_transform(),
                ha="center",
                va="top",
            )
