"""A minute of ECG with the class of each beat, in rows of ten seconds."""

import numpy as np
from matplotlib.figure import Figure

from arrhythmia.aami import CLASSES
from arrhythmia.figures import COLOURS, GREY, styled

ROWS, SECONDS = 6, 10
"""Rows of the picture, and seconds in each."""


@styled
def minute_figure(
    signal: np.ndarray,
    fs: float,
    start: float,
    time: np.ndarray,
    probability: np.ndarray,
    *,
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
        title: heading.
        note: below the picture.
    """
    figure = Figure(figsize=(13, 9))
    every = figure.subplots(ROWS, 1)
    known = signal[np.isfinite(signal)]
    low, high = np.quantile(known, [0.001, 0.999]) if len(known) else (-1.0, 1.0)
    spread = max(high - low, 0.1)
    clock = start + np.arange(len(signal)) / fs
    for row, axes in enumerate(every):
        first = start + row * SECONDS
        part = (clock >= first) & (clock <= first + SECONDS)
        axes.plot(clock[part], signal[part], color="black", linewidth=0.8)
        axes.set_xlim(first, first + SECONDS)
        axes.set_ylim(low - 0.1 * spread, high + 0.35 * spread)
        axes.set_ylabel(f"{int(first // 60)}:{first % 60:02.0f}", rotation=0, ha="right", va="center")
        axes.tick_params(labelbottom=False, bottom=False, labelsize=8)
        for k in np.flatnonzero((time >= first + 0.05) & (time < first + SECONDS - 0.05)):
            name = CLASSES[int(probability[k].argmax())]
            colour = GREY if name == "N" else COLOURS[name]
            text = name if name == "N" else f"{name} {probability[k].max():.2f}".replace("0.", ".")
            weight = "normal" if name == "N" else "bold"
            axes.text(
                time[k],
                high + 0.32 * spread,
                text,
                color=colour,
                weight=weight,
                ha="center",
                va="top",
                fontsize=8,
            )
    figure.suptitle(title)
    figure.supxlabel(
        f"rows of {SECONDS} s, mV; letters: predicted class with its probability. {note}", fontsize=10
    )
    return figure
