"""Colours and style of all figures, and writing them.

They are drawn on `matplotlib.figure.Figure` itself: no pyplot, so no global state and no window system.
Colours are those of Okabe & Ito, which people with colour blindness can tell apart.
"""

from pathlib import Path

import matplotlib.style
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from arrhythmia.utils.files import replacing

COLOURS = {"N": "#0072B2", "S": "#E69F00", "V": "#D55E00", "F": "#009E73", "Q": "#CC79A7"}
SERIES = {"train": "#0072B2", "val": "#D55E00"}
GREY = "#999999"
STYLE = {
    "font.size": 11,
    "axes.titlesize": 11,
    "figure.titlesize": 13,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#dddddd",
    "figure.constrained_layout.use": True,
    "figure.dpi": 100,
}
styled = matplotlib.style.context(["default", STYLE])  # a reader's own matplotlibrc must not change the bytes


@styled
def save_png(path: str | Path, figure: Figure) -> None:
    """Write `figure` as a PNG of at most 256 colours, which is a third of the size and looks the same.

    The bytes depend on the picture alone: there is no date and no version in them.
    """
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    with replacing(path) as temporary:
        picture.quantize(256, dither=Image.Dither.NONE).save(temporary, optimize=True)
