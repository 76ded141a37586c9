"""A minute of ECG with the class of each beat, in rows of ten seconds."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from arrhythmia.aami import CLASSES
from arrhythmia.figures.style import COLOURS, GREY, styled

ROWS, SECONDS = 6, 10
"""Rows of the picture, and seconds in each."""

MARGINS = {"left": 0.095, "right": 0.99, "bottom": 0.05, "top": 0.94, "hspace": 0.06}
"""Of the rows, as shares of the picture: room for the clock and the scale, and for a line above and below."""

CROWDED = 0.4
"""Beats closer than this, s, have no room for their probability."""


@styled
def minute_figure(
    signal: np.ndarray,
    fs: float,
    start: float,
    time: np.ndarray,
    probability: np.ndarray,
    *,
    parts: Sequence[tuple[float, float, str]],
    title: str,
    note: str,
) -> Figure:
    """Draw a minute of ECG.

    Args:
        signal: `(n,)` mV, at most a minute.
        fs: sampling rate, Hz.
        start: time of the first sample in the recording, s.
        time: `(m,)` s, of the beats in the recording, ascending.
        probability: `(m, 5)`.
        parts: without beats that can be trusted: start and stop in the recording, s, and what it is.
        title: heading.
        note: below the picture.
    """
    figure = Figure(figsize=(13, 9), layout="none")  # finding the margins takes longer than drawing
    every = figure.subplots(ROWS, 1, gridspec_kw=MARGINS)
    known = signal[np.isfinite(signal)]
    low, high = np.quantile(known, [0.001, 0.999]) if len(known) else (-1.0, 1.0)
    spread = max(high - low, 0.1)
    clock = start + np.arange(len(signal)) / fs
    labels = beat_labels(time, probability)
    for row, axes in enumerate(every):
        first = start + row * SECONDS
        part = (clock >= first) & (clock <= first + SECONDS)
        axes.plot(clock[part], signal[part], color="black", linewidth=0.8)
        axes.set_xlim(first, first + SECONDS)
        axes.set_ylim(low - 0.1 * spread, high + 0.35 * spread)
        axes.set_ylabel(clock_text(first), rotation=0, ha="right", va="center")
        axes.tick_params(labelbottom=False, bottom=False, labelsize=8)
        for begin, end, state in parts:
            shown = max(begin, first), min(end, first + SECONDS)
            if shown[0] < shown[1]:
                axes.axvspan(*shown, color=GREY, alpha=0.25, linewidth=0)
                axes.text(shown[0] + 0.05, low, state, color=GREY, fontsize=8, va="bottom")
        for k in np.flatnonzero((time >= first) & (time < first + SECONDS)):
            place = {"x": time[k], "y": high + 0.32 * spread, "ha": alignment(time[k] - first), "va": "top"}
            normal = labels[k] == "N"
            look = {"color": GREY if normal else COLOURS[labels[k][0]], "fontsize": 8}
            axes.text(**place, s=labels[k], weight="normal" if normal else "bold", **look)
    figure.suptitle(title)
    figure.supxlabel(
        f"rows of {SECONDS} s, mV; letters: predicted class with its probability. {note}", fontsize=10
    )
    return figure


def beat_labels(time: np.ndarray, probability: np.ndarray) -> list[str]:
    """Return what stands above each beat: its class, and if not N and there is room, how probable it is.

    Args:
        time: `(m,)` s, ascending.
        probability: `(m, 5)`.
    """
    apart = np.diff(time, prepend=-np.inf, append=np.inf)
    roomy = np.minimum(apart[:-1], apart[1:]) >= CROWDED
    names = [CLASSES[k] for k in probability.argmax(axis=1)]
    return [
        f"{name} {likely:.2f}".replace("0.", ".") if name != "N" and room else name
        for name, likely, room in zip(names, probability.max(axis=1), roomy, strict=True)
    ]


def alignment(seconds: float) -> str:
    """Return how a label lies on its beat, so that at the ends of a row it stays in the picture."""
    if seconds < 0.15:
        return "left"
    return "right" if seconds > SECONDS - 0.15 else "center"


def clock_text(seconds: float) -> str:
    """Return a time as `m:ss`, from an hour on as `h:mm:ss`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
