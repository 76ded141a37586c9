"""The most confident mistakes, each with the ECG around the beat."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from arrhythmia.aami import CLASSES, labels_of
from arrhythmia.ecg.beats import Beats
from arrhythmia.ecg.recording import Recording
from arrhythmia.figures.style import COLOURS, styled

SECONDS = 2.0
"""ECG shown on either side of the beat, s."""

COLUMNS = 3


@dataclass(frozen=True)
class Strip:
    """A piece of ECG around one beat.

    Attributes:
        caption: what it shows.
        unit: of the signal.
        time: `(k,)` s from the beat.
        signal: `(k,)`.
        beat_time: `(b,)` s: the labelled beats in the strip, the one in question among them.
        beat_symbol: `(b,)` str: their annotation symbols.
    """

    caption: str
    unit: str
    time: np.ndarray
    signal: np.ndarray
    beat_time: np.ndarray
    beat_symbol: np.ndarray


def recording_strip(recording: Recording, sample: int, mistake: str) -> Strip:
    """Cut the ECG around `sample` out of a recording.

    Args:
        recording: with `fs` in Hz and `signal` in mV.
        sample: position of the beat's annotation, in samples of the recording.
        mistake: what went wrong, in the words of `describe`.
    """
    reach = round(SECONDS * recording.fs)
    start, end = max(0, sample - reach), min(len(recording.signal), sample + reach + 1)
    near = np.abs(recording.sample - sample) < 0.95 * reach  # a letter at the very edge would be cut
    near &= labels_of(recording.symbol) >= 0
    minutes, tenths = divmod(round(10 * sample / recording.fs), 600)
    return Strip(
        caption=f"record {recording.name}, {minutes}:{tenths / 10:04.1f}, {mistake}",
        unit=f"{recording.lead}, mV",
        time=(np.arange(start, end) - sample) / recording.fs,
        signal=recording.signal[start:end],
        beat_time=(recording.sample[near] - sample) / recording.fs,
        beat_symbol=recording.symbol[near],
    )


def window_strip(beats: Beats, row: int, mistake: str) -> Strip:
    """Show a beat's own window, for a source without recordings."""
    return Strip(
        caption=f"record {beats.record[row]}, {mistake}",
        unit="0 to 1",
        time=(np.arange(beats.waveform.shape[1]) - int(beats.r_index)) / float(beats.fs),
        signal=beats.waveform[row],
        beat_time=np.zeros(1),
        beat_symbol=beats.symbol[[row]],
    )


def describe(actual: int, probability: np.ndarray) -> str:
    """Word what went wrong: actual and predicted class and the `(5,)` probability of the latter."""
    predicted = int(probability.argmax())
    return f"{CLASSES[actual]} classified as {CLASSES[predicted]} ({probability[predicted]:.2f})"


@styled
def gallery(strips: Sequence[Strip], *, title: str) -> Figure:
    """Draw the strips in a grid; the beat in question is marked, the others carry their symbols."""
    rows = max(1, -(-len(strips) // COLUMNS))
    figure = Figure(figsize=(4.2 * COLUMNS, 0.7 + 2.1 * rows))
    every = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for axes, strip in zip(every, strips, strict=False):
        _draw(axes, strip)
    for axes in every[len(strips) :]:
        axes.set_axis_off()
    figure.suptitle(title if len(strips) else f"{title}: none")
    figure.supxlabel("time from the beat, s; letters are the annotation symbols", fontsize=10)
    return figure


def _draw(axes: Axes, strip: Strip) -> None:
    axes.axvspan(-0.15, 0.15, color=COLOURS["S"], alpha=0.3, linewidth=0)
    draw_ecg(axes, strip.time, strip.signal, unit=strip.unit, below=0.05, above=0.25)
    axes.set_xlim(strip.time[0], strip.time[-1])
    for time, symbol in zip(strip.beat_time, strip.beat_symbol, strict=True):
        weight = "bold" if time == 0 else "normal"
        axes.text(
            time, 0.98, symbol, transform=axes.get_xaxis_transform(), ha="center", va="top", weight=weight
        )
    axes.set_title(strip.caption)


def draw_ecg(
    axes: Axes, time: np.ndarray, signal: np.ndarray, *, unit: str, below: float, above: float
) -> None:
    """Draw a piece of ECG with room for letters.

    Args:
        axes: to draw on.
        time: `(k,)` s.
        signal: `(k,)`.
        unit: of the signal.
        below: free height under the ECG, as a share of its own.
        above: likewise over it.
    """
    axes.plot(time, signal, color="black", linewidth=0.9)
    low, high = signal.min(), signal.max()
    spread = max(high - low, 0.1)  # a flat line has none
    axes.set_ylim(low - below * spread, high + above * spread)
    axes.grid(True)
    axes.set_ylabel(unit, fontsize=9)
    axes.tick_params(labelsize=9)
