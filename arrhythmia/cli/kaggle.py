"""The Kaggle files `mitbih_train.csv` and `mitbih_test.csv`: write them, or give their rows patients.

arrhythmia kaggle export DIR                     # both files, from the recordings in data/raw
arrhythmia kaggle match mine.csv                 # mine_beats.csv: record, sample and symbol of each row
arrhythmia kaggle match a.csv b.csv --out beats  # the same for several files, in the folder beats/

No stage of the pipeline; docs/kaggle.md tells what it is for.
"""

import argparse
from pathlib import Path

import numpy as np
from tqdm import tqdm

from arrhythmia import paths
from arrhythmia.aami import CLASSES
from arrhythmia.command_line import command_parser
from arrhythmia.datasets.kaggle import PUBLISHED_ROWS, load_test_fold
from arrhythmia.errors import DataError
from arrhythmia.kaggle.export import file_rows, rows_as_text
from arrhythmia.kaggle.match import beats_table, match_rows, read_windows
from arrhythmia.kaggle.windows import kaggle_beats
from arrhythmia.utils.files import replacing_all

TOLERANCE = 0.001
"""Largest difference of a value: half precision and three decimals are well within it."""


def main(argv: list[str]) -> None:
    """Do what the command line asks for."""
    asked = parser().parse_args(argv)
    try:
        asked.command(asked)
    except OSError as error:
        where = error.filename or (asked.folder if "folder" in asked else asked.out) or "the tables"
        raise DataError(f"{where}: nothing written ({error.strerror or error})") from None


def parser() -> argparse.ArgumentParser:
    """Return the parser of the two subcommands."""
    whole = command_parser("kaggle", __doc__)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--records", type=Path, default=paths.RAW, help="folder of recordings: %(default)s")
    common.add_argument("--force", action="store_true", help="overwrite files that are there")
    commands = whole.add_subparsers(required=True)
    export_words = commands.add_parser("export", parents=[common], help="write the two files")
    export_words.add_argument("folder", type=Path, metavar="DIR", help="where to; made if missing")
    export_words.set_defaults(command=export)
    match_words = commands.add_parser("match", parents=[common], help="find the beat behind each row")
    match_words.add_argument("files", type=Path, nargs="+", metavar="FILE", help="CSV file of Kaggle windows")
    match_words.add_argument("--out", type=Path, metavar="DIR", help="folder to write to: that of each file")
    match_words.add_argument(
        "--tolerance",
        type=float,
        default=TOLERANCE,
        help="largest difference of a value, 0..1; 0.0051 for values with two decimals (default %(default)s)",
    )
    match_words.set_defaults(command=match)
    return whole


def export(asked: argparse.Namespace) -> None:
    """Write both files, or neither."""
    targets = [asked.folder / name for name in PUBLISHED_ROWS]
    refuse_overwriting(targets, force=asked.force)
    beats = kaggle_beats(asked.records)
    rows = file_rows(beats, load_test_fold())
    with (
        replacing_all(targets) as temporaries,
        tqdm(total=len(beats), desc="writing", unit=" rows", delay=1, disable=None) as bar,
    ):
        for path, name in zip(temporaries, PUBLISHED_ROWS, strict=True):
            chosen = rows[name]
            with path.open("wb") as file:
                for count, text in rows_as_text(beats.waveform[chosen], beats.label[chosen]):
                    file.write(text)
                    bar.update(count)
    for path in targets:
        chosen = rows[path.name]
        print(f"{path}: {len(chosen)} rows, {classes_of(beats.label[chosen])}")


def match(asked: argparse.Namespace) -> None:
    """Write a table beside each file, or none, and say what was found."""
    if not 0 <= asked.tolerance < 0.5:
        raise DataError(f"--tolerance {asked.tolerance:g}: use a number from 0 to below 0.5")
    targets = [(asked.out or path.parent) / f"{path.name.split('.')[0]}_beats.csv" for path in asked.files]
    if len(set(targets)) < len(targets):
        raise DataError("two files of one name would have one table; match them one by one")
    refuse_overwriting(targets, force=asked.force)
    beats, test_rows = kaggle_beats(asked.records), load_test_fold()
    lines = []
    with replacing_all(targets) as temporaries:
        for path, target, temporary in zip(asked.files, targets, temporaries, strict=True):
            waveform, label = read_windows(path)
            beat, count, difference = match_rows(waveform, beats.waveform, tolerance=asked.tolerance)
            table = beats_table(beats, test_rows, beat, count, difference)
            table.to_csv(temporary, index=False, lineterminator="\n", float_format="%.2g")
            lines.append(f"{target}: {summary(count, difference)}")
            if label is not None:
                other = int((label[beat >= 0] != beats.label[beat[beat >= 0]]).sum())
                lines.append(
                    f"  {other} of the beats found have another label in the file than in the database"
                )
    print("\n".join(lines))


def refuse_overwriting(targets: list[Path], *, force: bool) -> None:
    """Stop before any work where a file is there already.

    Raises:
        DataError: it is, and `force` is not set.
    """
    there = [path for path in targets if path.exists()]
    if there and not force:
        raise DataError(f"{there[0]}: is there already; move it away, or add --force to overwrite it")


def classes_of(label: np.ndarray) -> str:
    """Word the number of beats of each class."""
    counts = np.bincount(label, minlength=len(CLASSES))
    return ", ".join(f"{name} {count}" for name, count in zip(CLASSES, counts, strict=True))


def summary(count: np.ndarray, difference: np.ndarray) -> str:
    """Word how many rows were found, and how."""
    exact = int(((count == 1) & (difference == 0)).sum())
    found, none = int((count == 1).sum()), int((count == 0).sum())
    return (
        f"{len(count)} rows: {found} found ({exact} exactly, {found - exact} by the nearest beat), "
        f"{none} match no beat, {len(count) - found - none} match several"
    )
