"""How the rare classes fare in each record, on one page."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from arrhythmia.aami import CLASSES
from arrhythmia.figures.style import styled

PANEL = 24
"""Records in one column of the page; more stand side by side."""


@styled
def records_map(table: pd.DataFrame, *, title: str) -> Figure:
    """Draw how S and V fare in each record: beats, sensitivity and positive predictivity.

    Args:
        table: as `evaluation.tables.records_table` returns it.
        title: heading.
    """
    columns = [("S", "S beats"), ("S_sensitivity", "S Se %"), ("S_positive_predictivity", "S +P %")]
    columns += [("V", "V beats"), ("V_sensitivity", "V Se %"), ("V_positive_predictivity", "V +P %")]
    panels = -(-len(table) // PANEL)
    height = -(-len(table) // panels)
    figure = Figure(figsize=(0.9 + 4.6 * panels, 1.6 + 0.3 * height))
    every = figure.subplots(1, panels, squeeze=False)[0]
    for panel, axes in enumerate(every):
        image = _rates_panel(axes, table[panel * height : (panel + 1) * height], columns)
    figure.suptitle(title)
    figure.colorbar(
        image,
        ax=every,
        label="%  (Se sensitivity, +P positive predictivity)",
        location="bottom",
        shrink=0.6,
        aspect=40,
    )
    return figure


def _rates_panel(axes: Axes, table: pd.DataFrame, columns: list[tuple[str, str]]) -> AxesImage:
    """Draw one block of records; beats are plain numbers, rates are coloured cells."""
    values = table[[name for name, _ in columns]].to_numpy(dtype=float)
    beats = np.array([name in CLASSES for name, _ in columns])
    shown = np.where(beats, np.nan, 100 * values)
    image = axes.imshow(shown, cmap="cividis", vmin=0, vmax=100, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        text = f"{value:,.0f}" if beats[column] else f"{100 * value:.0f}"
        dark = shown[row, column] < 50
        axes.text(
            column,
            row,
            "–" if np.isnan(value) else text,
            ha="center",
            va="center",
            fontsize=9.5,
            color="white" if dark else "black",
        )
    axes.set_xticks(range(len(columns)), [heading for _, heading in columns], fontsize=9.5)
    axes.set_yticks(range(len(table)), table["record"], fontsize=9.5)
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    return image
