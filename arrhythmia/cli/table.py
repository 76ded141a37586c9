"""The table of a folder's recordings, and which of them have their results."""

import csv
import io
import json
from collections.abc import Iterator

from arrhythmia.cli.bucket import Place, S3Path, read_all, storage, told
from arrhythmia.errors import DataError
from arrhythmia.formats.names import recording_name
from arrhythmia.inference.unfinished import ANNOTATIONS, BEATS, PAGE, PICTURE, SUMMARY, file_name
from arrhythmia.utils.files import write_text

COLUMNS = ("recording", "beats", "S_percent", "V_percent", "unusable_percent", "failure")


def names_in(out: Place) -> set[str]:
    """Return the names in the folder of the results, none if it is not there.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return {path.name for path in out.iterdir()} if out.is_dir() else set()
    except OSError as error:
        raise DataError(f"{out}: cannot be read ({error.strerror})") from error


def has_results(names: set[str], recording: Place, *, page: bool) -> bool:
    """Return whether all files of a recording's prediction are among the names, its page too if wanted."""
    name = file_name(recording_name(recording))
    suffixes = (ANNOTATIONS, BEATS, PICTURE, SUMMARY, *([PAGE] if page else []))
    return names.issuperset(f"{name}{suffix}" for suffix in suffixes)


def write_table(path: Place, failures: dict[Place, str], written: set[Place], out: Place) -> None:
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
    done = {out / f"{file_name(recording_name(recording))}{SUMMARY}": recording for recording in written}
    for summary, content in zip(done, _contents(out, list(done)), strict=True):
        rows.append(_row(summary, content, done[summary]))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *sorted(rows)])
    if isinstance(path, S3Path):
        with told(f"{path}: cannot be written"):
            storage().pipe_file(str(path), text.getvalue().encode())
        return
    try:
        write_text(path, text.getvalue())
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror or error})") from error


def _contents(out: Place, summaries: list[Place]) -> Iterator[bytes | Exception]:
    if isinstance(out, S3Path):
        yield from read_all(summaries)
        return
    for path in summaries:
        try:
            yield path.read_bytes()
        except OSError as error:
            yield error


def _row(path: Place, content: bytes | Exception, recording: Place) -> list[str]:
    try:
        found = json.loads(content)
        burden, unusable = found["burden_percent"], 100 * sum(found["share"].values())
        cells = (found["beats"], burden["S"], burden["V"], f"{unusable:.2f}", "")
    except (TypeError, ValueError, KeyError) as error:
        raise DataError(f"{path}: cannot be read; remove it and predict {recording} again") from error
    return [recording_name(recording), *map(str, cells)]
