"""The table of a folder's recordings, and which of them have their results."""

import csv
import io
import json
from pathlib import Path

from arrhythmia.ecg.formats import recording_name
from arrhythmia.errors import DataError
from arrhythmia.inference.unfinished import file_name
from arrhythmia.utils.files import write_text

SUFFIXES = (".pred", ".beats.csv", ".minute.png", ".summary.json")
"""Of the files of a recording, all of which are there or none."""

PAGE = ".page.html"
"""Of the one that is written on demand."""

COLUMNS = ("recording", "beats", "S_percent", "V_percent", "unusable_percent", "failure")


def has_results(out: Path, recording: Path, *, page: bool) -> bool:
    """Return whether the folder `out` has all files of a recording's prediction, its page too if wanted."""
    name = file_name(recording_name(recording))
    suffixes = (*SUFFIXES, PAGE) if page else SUFFIXES
    return all((out / f"{name}{suffix}").is_file() for suffix in suffixes)


def write_table(path: Path, failures: dict[Path, str], written: set[Path], out: Path) -> None:
    """Write a row a recording, whole or not at all.

    Args:
        path: of the table.
        failures: the line of each recording that failed.
        written: the recordings whose results are in `out`.
        out: the folder of the results.

    Raises:
        DataError: a summary is not there any more, or damaged, or the table cannot be written.
    """
    rows = [
        [recording_name(recording), "", "", "", "", line.removeprefix("error: ")]
        for recording, line in failures.items()
    ]
    rows += [_row(recording, out) for recording in written]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *sorted(rows)])
    try:
        write_text(path, text.getvalue())
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror or error})") from error


def _row(recording: Path, out: Path) -> list[str]:
    path = out / f"{file_name(recording_name(recording))}.summary.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        burden, unusable = found["burden_percent"], 100 * sum(found["share"].values())
        cells = (found["beats"], burden["S"], burden["V"], f"{unusable:.2f}", "")
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path}: cannot be read; remove it and predict {recording} again") from error
    return [recording_name(recording), *map(str, cells)]
