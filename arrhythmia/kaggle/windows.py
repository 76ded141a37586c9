"""The windows of the Kaggle files, cut out of the recordings."""

from pathlib import Path

from tqdm import tqdm

from arrhythmia.ecg.beats import Beats
from arrhythmia.ecg.records import read_recording, record_names
from arrhythmia.ecg.segmentation import cut_beats

CUT = {
    "window": "kaggle",
    "fs": 125.0,
    "before": 0.3,
    "after": 0.5,
    "rr_before": 2,
    "rr_after": 1,
    "rr_long": 1,
}
"""How the beats are cut: the window has a size and a rate of its own, and nobody looks at the intervals."""


def kaggle_beats(folder: Path) -> Beats:
    """Cut the Kaggle window of every beat out of the recordings in `folder`."""
    names = tqdm(record_names(folder), desc="reading", unit=" records", delay=1, disable=None)
    return cut_beats((read_recording(folder, name) for name in names), source="physionet", **CUT)
