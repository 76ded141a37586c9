"""Figures of an evaluation or a training."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from arrhythmia.aami import CLASS_NAMES, CLASSES
from arrhythmia.evaluation.curves import Curve
from arrhythmia.figures.style import COLOURS, GREY, SERIES, styled


@styled
def confusion_matrix(counts: np.ndarray, *, title: str) -> Figure:
    """Draw the confusion counts with the percentages of each row, which are the recalls on the diagonal.

    Args:
        counts: `(5, 5)` beats, the actual class along the rows.
        title: heading.
    """
    support = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, support, out=np.zeros(counts.shape), where=support > 0)
    figure = Figure(figsize=(8, 6.2))
    axes = figure.subplots()
    image = axes.imshow(100 * share, cmap="Blues", vmin=0, vmax=100)
    for (row, column), count in np.ndenumerate(counts):
        percent = f"{100 * share[row, column]:.1f} %" if support[row, 0] else "–"
        colour = "white" if share[row, column] > 0.5 else "black"
        axes.text(column, row, f"{count:,}\n{percent}", ha="center", va="center", color=colour)
    axes.set_xticks(range(len(CLASSES)), CLASSES)
    labels = [f"{name} ({beats:,})" for name, beats in zip(CLASSES, support[:, 0], strict=True)]
    axes.set_yticks(range(len(CLASSES)), labels)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set(xlabel="predicted class", ylabel="actual class (beats)")
    figure.suptitle(title)
    figure.colorbar(image, ax=axes, label="% of the actual class", shrink=0.85)
    return figure


@styled
def class_curves(precision_recall: Sequence[Curve], roc: Sequence[Curve], *, title: str) -> Figure:
    """Draw the precision-recall and the ROC curve of each class against the rest."""
    figure = Figure(figsize=(12, 5.6))
    left, right = figure.subplots(1, 2)
    for curve in precision_recall:
        colour, label = COLOURS[curve.name], f"{curve.name} {curve.area:.3f}"
        left.step(curve.x, curve.y, where="pre", color=colour, linewidth=2, label=label)
    for curve in roc:
        colour, label = COLOURS[curve.name], f"{curve.name} {curve.area:.3f}"
        right.plot(curve.x, curve.y, color=colour, linewidth=2, label=label)
    right.plot([0, 1], [0, 1], color=GREY, linestyle=":")  # chance
    left.set(xlabel="recall (sensitivity)", ylabel="precision (positive predictivity)")
    right.set(xlabel="false positive rate", ylabel="true positive rate (sensitivity)")
    for axes, area in ((left, "average precision"), (right, "area under the ROC curve")):
        axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.02))
        axes.grid(True)
        _legend_above(axes, title=area)
    names = ", ".join(f"{name} {CLASS_NAMES[name]}" for name in CLASSES)
    figure.suptitle(title)
    figure.supxlabel(f"each class against the rest: {names}", fontsize=9)
    return figure


def _legend_above(axes: Axes, *, title: str) -> None:
    """Put the legend over the axes in one row, where it hides no curve."""
    place = {"loc": "lower center", "bbox_to_anchor": (0.5, 1)}
    drawn = axes.get_legend_handles_labels()  # may be none
    axes.legend(*drawn, **place, ncols=5, title=title, frameon=False, handlelength=1.2, columnspacing=1.2)


@styled
def reliability_diagram(bins: Mapping[str, np.ndarray], *, error: float, title: str) -> Figure:
    """Draw accuracy over confidence, with the number of beats in each bin below.

    Args:
        bins: as `metrics.reliability` returns them, `(b,)` each.
        error: expected calibration error.
        title: heading.
    """
    width = bins["high"] - bins["low"]
    figure = Figure(figsize=(6.4, 7.2))
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    bar = {"width": width, "align": "edge", "edgecolor": "white", "color": COLOURS["N"]}
    upper.bar(bins["low"], np.nan_to_num(bins["accuracy"]), **bar, label="accuracy")
    upper.plot([0, 1], [0, 1], color="black", linestyle="--", label="perfect")
    upper.plot(bins["confidence"], bins["accuracy"], "o", color=COLOURS["S"], label="mean confidence")
    upper.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="accuracy")
    _legend_above(upper, title=f"expected calibration error {error:.4f}")
    lower.bar(bins["low"], bins["beats"], **bar)
    lower.set_yscale("symlog", linthresh=1)
    lower.set_ylim(bottom=0)
    lower.set(xlabel="confidence (probability of the predicted class)", ylabel="beats")
    figure.suptitle(title)
    return figure


@styled
def risk_coverage_curves(curve: Mapping[str, np.ndarray], *, title: str) -> Figure:
    """Draw error and macro-F1 of the beats kept over the rejection rate.

    Args:
        curve: as `metrics.risk_coverage` returns it, `(k,)` each.
        title: heading.
    """
    percent = 100 * curve["rejected"]
    figure = Figure(figsize=(10, 4.2))
    left, right = figure.subplots(1, 2)
    left.plot(percent, 100 * curve["error"], color=COLOURS["V"], linewidth=2)
    left.set(title="beats misclassified, %", xlim=(0, percent[-1]))
    left.set_ylim(bottom=0)
    right.plot(percent, curve["macro_f1_nsv"], color=COLOURS["N"], linewidth=2)
    right.set(title="macro-F1 over N, S and V", xlim=(0, percent[-1]), ylim=(0, 1.02))
    for axes in (left, right):
        axes.grid(True)
    figure.suptitle(title)
    figure.supxlabel(
        "rejection rate, %: least certain beats left to a human; scores of the beats kept", fontsize=10
    )
    return figure


@styled
def training_curves(
    loss: Mapping[str, np.ndarray],
    macro_f1: Mapping[str, np.ndarray],
    learning_rate: np.ndarray,
    *,
    title: str,
) -> Figure:
    """Draw loss, macro-F1 and learning rate over the epochs, counted from 1.

    Args:
        loss: `train`, `val` or both, to `(epochs,)` values.
        macro_f1: likewise.
        learning_rate: `(epochs,)`.
        title: heading.
    """
    epoch = np.arange(1, len(learning_rate) + 1)
    figure = Figure(figsize=(13, 4.2))
    every = figure.subplots(1, 3)
    for axes, series, name in zip(
        every[:2], (loss, macro_f1), ("loss", "macro-F1 of five classes"), strict=True
    ):
        for beats, values in series.items():
            axes.plot(epoch, values, color=SERIES[beats], linewidth=2, marker=".", label=beats)
        axes.set_title(name)
    every[2].plot(epoch, learning_rate, color=COLOURS["F"], linewidth=2, marker=".")
    every[2].set_title("learning rate")
    for axes in every:
        axes.set_xlabel("epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(True)
    for axes in every[:2]:
        axes.legend()
    every[2].set_ylim(bottom=0)  # linear: a schedule ends at 0, which has no place on a logarithmic axis
    figure.suptitle(title)
    return figure
