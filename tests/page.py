"""Predictions to write a page of."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from arrhythmia.inference.predict import Prediction

FS = 250
SECONDS = 400
GAP = (20, 300)
NAME = "</script><b>100"
"""What would end the data, were it written as it is."""


def prediction():
    """A beat a second but for a gap that takes a SKIP of more than 16 bits; each third beat is V."""
    seconds = np.array([t for t in range(1, SECONDS) if not GAP[0] <= t < GAP[1]])
    probability = np.full((len(seconds), 5), 0.05)
    probability[np.arange(len(seconds)), np.where(np.arange(len(seconds)) % 3 == 2, 2, 0)] = 0.8
    summary = {
        "recording": NAME,
        "lead": "<b>II</b>",
        "fs": FS,
        "notes": ['<img src="x" onerror="document.title = 1">'],
        "duration_s": float(SECONDS),
        "parts": [{"start_s": float(GAP[0]), "stop_s": float(GAP[1]), "state": "lost"}],
        "model": "cnn",
        "counts": {"N": 80, "S": 0, "V": 39, "F": 0, "Q": 0},
    }
    strip = np.round(100 * np.sin(np.arange(SECONDS * 120) / 20)).astype(np.int16)
    nothing = np.array([], dtype=int)
    return Prediction(SimpleNamespace(name=NAME, fs=FS), FS * seconds, probability, summary, nothing, strip)


def noisy_day():
    """A day of noise, which no packing makes shorter, with 100 beats a minute that are of all classes."""
    rng = np.random.default_rng(0)
    seconds = 24 * 3600
    sample = np.cumsum(rng.uniform(0.3, 0.9, size=seconds * 100 // 60) * FS).astype(int)
    probability = rng.dirichlet(np.full(5, 0.3), size=len(sample))
    known = prediction()
    counts = np.bincount(probability.argmax(axis=1), minlength=5).tolist()
    summary = known.summary | {
        "duration_s": float(seconds),
        "parts": [],
        "counts": dict(zip("NSVFQ", counts, strict=True)),
    }
    strip = rng.normal(scale=1000, size=seconds * 120).astype(np.int16)
    return replace(known, sample=sample, probability=probability, summary=summary, strip=strip)
