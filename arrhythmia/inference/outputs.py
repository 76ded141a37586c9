"""The files that are written for each classified recording."""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import wfdb

from arrhythmia.aami import CLASSES
from arrhythmia.inference.disclaimer import DISCLAIMER
from arrhythmia.inference.page import page_text
from arrhythmia.inference.predict import Prediction
from arrhythmia.inference.summary import uncertain, worst_minute
from arrhythmia.inference.unfinished import (
    ANNOTATIONS,
    BEATS,
    PAGE,
    PICTURE,
    SUMMARY,
    file_name,
    finished_together,
)

ARTIFACT = "|"
"""Symbol of a detection that is no beat."""

CLEAN, NOISY, UNREADABLE = 0, 1, -1
"""Subtypes of WFDB's mark of signal quality."""

MARKS = {"lost": ("~", UNREADABLE), "noise": ("~", NOISY), "no beats": ('"', CLEAN)}
"""Symbol and subtype by which each kind of part begins."""


def write_prediction(folder: Path, prediction: Prediction) -> None:
    """Write annotations, table of beats, picture and summary, all of them or none.

    `NAME.pred` holds WFDB annotations with the symbols N S V F Q, `NAME.beats.csv` a row a beat,
    `NAME.minute.png` the recording's worst minute, and `NAME.summary.json` the counts.
    With the strip of its signal there is `NAME.page.html` too, to look through it in a browser.

    Args:
        folder: where to; made if it is not there.
        prediction: of one recording.

    Raises:
        OSError: the disk is full, or the folder cannot be written to.
    """
    name = file_name(prediction.ecg.name)
    with finished_together(folder, name) as unfinished:
        write_annotations(unfinished, name, prediction)
        table = beats_table(prediction)
        with (unfinished / f"{name}{BEATS}").open("w", encoding="utf-8", newline="\n") as file:
            file.write(f"# {DISCLAIMER}\n")
            for part in prediction.summary["parts"]:
                file.write(f"# {part['start_s']:.1f} s to {part['stop_s']:.1f} s: {part['state']}\n")
            table.to_csv(file, index=False, lineterminator="\n")
        _write_picture(unfinished / f"{name}{PICTURE}", prediction)
        text = json.dumps(prediction.summary, indent=2, ensure_ascii=False) + "\n"
        (unfinished / f"{name}{SUMMARY}").write_text(text, encoding="utf-8", newline="\n")
        if prediction.strip is not None:
            page = unfinished / f"{name}{PAGE}"
            page.write_text(page_text(prediction, name), encoding="utf-8", newline="\n")


def write_annotations(folder: Path, name: str, prediction: Prediction) -> None:
    """Write `NAME.pred`: each beat with the letter of its class as its symbol, the first line with a note.

    Detections that are no beats have WFDB's mark of an artifact, `|`. Parts without beats that can be trusted
    begin and end with its mark of signal quality, `~`, or with a comment where no beat comes, and a note says
    which it is.
    """
    ecg, classes = prediction.ecg, np.array(CLASSES)[prediction.label]
    rows = [(int(at), symbol, CLEAN, "") for at, symbol in zip(prediction.sample, classes, strict=True)]
    rows += [(int(at), ARTIFACT, CLEAN, "") for at in prediction.rejected]
    for part in prediction.summary["parts"]:
        start, stop = (min(round(part[end] * ecg.fs), ecg.length - 1) for end in ("start_s", "stop_s"))
        symbol, subtype = MARKS[part["state"]]
        rows += [(start, symbol, subtype, part["state"]), (stop, symbol, CLEAN, f"end of: {part['state']}")]
    sample, symbol, subtype, note = zip(*sorted(rows, key=lambda row: row[0]), strict=True)
    notes = [" - ".join(filter(None, (DISCLAIMER, note[0]))), *note[1:]]
    place = {"fs": ecg.fs, "write_dir": str(folder)}
    annotator = ANNOTATIONS.removeprefix(".")
    wfdb.wrann(
        name, annotator, np.array(sample), np.array(symbol), np.array(subtype), aux_note=notes, **place
    )


def beats_table(prediction: Prediction) -> pd.DataFrame:
    """Return a row a beat: `time_s`, `sample`, `class`, the probabilities, and whether it is `uncertain`."""
    probability = prediction.probability
    columns = {
        "time_s": np.round(prediction.sample / prediction.ecg.fs, 3),
        "sample": prediction.sample,
        "class": np.array(CLASSES)[prediction.label],
    }
    columns |= {f"p_{name}": np.round(probability[:, k].astype(float), 4) for k, name in enumerate(CLASSES)}
    return pd.DataFrame(columns | {"uncertain": uncertain(probability).astype(int)})


def _write_picture(path: Path, prediction: Prediction) -> None:
    # imported here: matplotlib's memory is not there yet while a day's beats are classified
    from arrhythmia.figures.minute import minute_figure
    from arrhythmia.figures.style import save_png

    ecg, time = prediction.ecg, prediction.sample / prediction.ecg.fs
    start = worst_minute(prediction.sample, prediction.probability, ecg.fs, ecg.length)
    signal = ecg.read(start, min(start + round(60 * ecg.fs), ecg.length))
    title = f"{ecg.name}, lead {ecg.lead}: the minute with the most beats that are not normal or not certain"
    figure = minute_figure(
        signal,
        ecg.fs,
        start / ecg.fs,
        time,
        prediction.probability,
        parts=[(part["start_s"], part["stop_s"], part["state"]) for part in prediction.summary["parts"]],
        title=title,
        note=DISCLAIMER,
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # of a name in a script that the font lacks
        save_png(path, figure)
