"""One HTML file a recording, to look through its beats in a browser and correct their classes, off line."""

import base64
import json
import zlib
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from arrhythmia.aami import CLASS_NAMES, CLASSES
from arrhythmia.ecg.filtering import FS
from arrhythmia.inference.disclaimer import DISCLAIMER
from arrhythmia.inference.predict import STRIP_EVERY, STRIP_STEP, Prediction
from arrhythmia.inference.streaming import lost_between
from arrhythmia.inference.summary import CERTAIN, RATE_BEATS

TEMPLATES = Path(__file__).parent / "templates"

STRIP_BYTES = 95
"""The most that a second of signal may take in the file: a day, with its beats, stays below 10 MB."""

BLOCK = 100_000
"""Samples of the strip that are packed at a time."""


def page_text(prediction: Prediction, file: str) -> str:
    """Return the page of a recording: it holds its scripts, styles and data, and needs no network.

    Args:
        prediction: with its strip.
        file: name of saved corrections, without suffix.
    """
    # "</script>" in a name would end the script
    data = json.dumps(page_data(prediction, file)).replace("<", "\\u003c")
    uplot = TEMPLATES / "uplot"
    return Template((TEMPLATES / "page.html").read_text(encoding="utf-8")).substitute(
        title=escape(prediction.ecg.name),
        disclaimer=escape(DISCLAIMER),
        licence=(uplot / "LICENSE").read_text(encoding="utf-8"),
        uplot_css=(uplot / "uPlot.min.css").read_text(encoding="utf-8"),
        uplot_js=(uplot / "uPlot.iife.min.js").read_text(encoding="utf-8"),
        beats_js=(TEMPLATES / "beats.js").read_text(encoding="utf-8"),
        plots_js=(TEMPLATES / "plots.js").read_text(encoding="utf-8"),
        page_js=(TEMPLATES / "page.js").read_text(encoding="utf-8"),
        rate_beats=RATE_BEATS,
        data=data,
    )


def page_data(prediction: Prediction, file: str) -> dict[str, Any]:
    """Return what the page shows, ready for JSON; arrays as `packed`.

    `sample` holds distances of neighbouring beats (uint32, from 0 on), `label` and `probability` (in 1/255,
    class by class) a byte each, `parted` whether the interval before a beat is unknown, and `strip` the
    signal as `packed_strip`.
    """
    from arrhythmia.figures.style import COLOURS  # loads matplotlib

    sample, probability, summary = prediction.sample, prediction.probability, prediction.summary
    fs = prediction.ecg.fs
    lost = np.array([(part["start_s"] * fs, part["stop_s"] * fs) for part in summary["parts"]]).reshape(-1, 2)
    strip, step = packed_strip(prediction.strip, STRIP_BYTES * summary["duration_s"])
    return {
        "summary": summary,
        "file": file,
        "classes": list(CLASSES),
        "class_names": [CLASS_NAMES[name] for name in CLASSES],
        "colours": [COLOURS[name] for name in CLASSES],
        "certain": CERTAIN,
        "rate_beats": RATE_BEATS,
        "strip_fs": FS / STRIP_EVERY,
        "strip_mv": step,
        "strip": strip,
        "sample": packed(np.diff(sample, prepend=0).astype("<u4")),
        "label": packed(prediction.label.astype(np.uint8)),
        "probability": packed(np.round(255 * probability.T).astype(np.uint8)),
        "parted": packed(np.concatenate([[True], lost_between(sample, lost)]).astype(np.uint8)),
    }


def packed(values: np.ndarray) -> str:
    """Return the bytes of an array, gzipped, in base64; the same bytes for the same array."""
    gzip = zlib.compressobj(wbits=31)
    return base64.b64encode(gzip.compress(np.ascontiguousarray(values)) + gzip.flush()).decode("ascii")


def packed_strip(strip: np.ndarray, most: float) -> tuple[str, float]:
    """Return a signal packed, and its step, mV, doubled until it takes at most `most` characters.

    Packed are its differences without their sign, which is in the lowest bit: first all low bytes, then all
    middle and all high ones, of which few are not 0.

    Args:
        strip: `(m,)` int16, in steps of `STRIP_STEP`.
        most: characters that it may take, at least those of as many samples of 0.
    """
    step = 1
    while True:
        planes, last = np.empty((3, len(strip)), dtype=np.uint8), 0
        for start in range(0, len(strip), BLOCK):  # the numbers of a whole day would take ten times its bytes
            value = np.round(strip[start : start + BLOCK] / step).astype(np.int32)
            difference = np.diff(value, prepend=last)
            last = value[-1]
            folded = 2 * np.abs(difference) - (difference < 0)
            planes[:, start : start + BLOCK] = folded & 255, folded >> 8 & 255, folded >> 16
        text = packed(planes)
        if len(text) <= most or not planes.any():
            return text, STRIP_STEP * step
        step *= 2
