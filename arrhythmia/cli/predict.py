"""Find and classify the heartbeats of recordings with a trained network.

arrhythmia predict path/to/100 --out predictions
arrhythmia predict folder/of/recordings --jobs 4
arrhythmia predict holter.csv --column ecg --fs 250 --unit uV
arrhythmia predict path/to/mitdb/100 --compare atr

Exit codes: 0 all went well; 1 a recording failed (the others are written), or interrupted; 2 wrong usage.
"""

import argparse
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from arrhythmia.aami import LABELS
from arrhythmia.ecg.formats import Ecg, find_recordings, open_ecg, recording_name
from arrhythmia.ecg.records import read_annotations
from arrhythmia.errors import DataError
from arrhythmia.evaluation.beat_matching import beat_by_beat, comparison_text
from arrhythmia.inference.model import DISCLAIMER, OnnxNetwork, load_network, pretrained
from arrhythmia.inference.outputs import file_name, unfinished_folder, write_prediction
from arrhythmia.inference.predict import Prediction, predict
from arrhythmia.utils.parallel import cores, in_processes

LIKELY_RATES = (30, 220)
"""Median heart rates, beats a minute, outside which the sampling rate is rather wrong; in DS1 53 to 113."""


@dataclass(frozen=True)
class Outcome:
    """What became of a recording: a line for people, and if asked for its counts against the reference."""

    line: str
    failed: bool = False
    name: str = ""
    counts: np.ndarray | None = None


def main(words: list[str] | None = None) -> int:
    """Predict the recordings of the command line; returns the exit code."""
    try:
        parser = arguments()
        asked = parser.parse_args(words)
        if asked.jobs < 1:
            parser.error("--jobs must be 1 or more")
        recordings = [path for given in asked.recordings for path in find_recordings(given)]
        network(asked.models, asked.model, asked.int8)
    except DataError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(DISCLAIMER)
    alone, outcomes = of_a_name_each(recordings)
    for outcome in outcomes:
        print(outcome.line, file=sys.stderr)
    try:
        with closing(results(alone, asked)) as found:
            for outcome in found:
                outcomes.append(outcome)  # first, so that Ctrl-C on sight of its line counts it
                tqdm.write(outcome.line, file=sys.stderr if outcome.failed else sys.stdout)
    except KeyboardInterrupt:
        for path in alone:
            remove_unfinished(asked.out, path)
        print(f"interrupted; {len(outcomes)} of {len(recordings)} recordings done", file=sys.stderr)
        return 1
    compared = sorted((x.name, x.counts) for x in outcomes if x.counts is not None)
    if compared:
        print(comparison_text([name for name, _ in compared], np.stack([counts for _, counts in compared])))
    failed = sum(outcome.failed for outcome in outcomes)
    print(f"{len(outcomes) - failed} of {len(outcomes)} recordings written to {asked.out}")
    return int(failed > 0)


def arguments() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    about, _, examples = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="arrhythmia predict",
        description=about,
        epilog=f"{examples}\n{DISCLAIMER}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "recordings",
        nargs="+",
        type=Path,
        metavar="RECORD",
        help="WFDB record, .edf, .csv, or a folder of them",
    )
    add("--out", type=Path, default=Path("predictions"), help="folder for the results (predictions)")
    add("--model", choices=("cnn", "rnn"), default="cnn", help="network (cnn)")
    add("--int8", action="store_true", help="the smaller file of the network, with 8-bit weights")
    add("--models", type=Path, default=pretrained("all_patients"), help="folder of the networks")
    add("--lead", help="name or number of the lead; else MLII or II, else the first")
    add("--column", help="column of the ECG in CSV files")
    add("--fs", type=float, help="sampling rate of CSV files, Hz")
    add("--unit", help="of the signal, if the file tells none or a wrong one: mV, uV, V, or units per mV")
    add(
        "--beats",
        metavar="ANNOTATOR",
        help="take the beats of this annotation file (atr) instead of detecting",
    )
    add("--compare", metavar="ANNOTATOR", help="compare with this annotation file (atr) by EC57")
    add("--jobs", type=int, default=cores(), help="recordings at a time (one a core)")
    return parser


def of_a_name_each(recordings: list[Path]) -> tuple[list[Path], list[Outcome]]:
    """Return the recordings whose results have a name of their own, and a failure for each other one."""
    names = [file_name(recording_name(path)) for path in recordings]
    count = Counter(names)
    alone = [path for path, name in zip(recordings, names, strict=True) if count[name] == 1]
    lines = [
        f"error: {path}: the results of {count[name]} recordings would be called {name}; predict it "
        "by itself, with another --out"
        for path, name in zip(recordings, names, strict=True)
        if count[name] > 1
    ]
    return alone, [Outcome(line, failed=True) for line in lines]


@cache
def network(folder: Path, model: str, int8: bool) -> OnnxNetwork:
    """Load a released network, once a process."""
    return load_network(folder / f"{model}{'.int8' if int8 else ''}.onnx", folder / f"{model}.json")


def results(recordings: list[Path], asked: argparse.Namespace) -> Iterator[Outcome]:
    """Yield what became of each recording, several at a time, as they are done."""
    jobs = min(asked.jobs, len(recordings))
    if jobs <= 1:
        yield from (predict_one(path, asked) for path in recordings)
        return
    work = in_processes(partial(predict_one, asked=asked, alone=False), recordings, jobs=jobs)
    for path, outcome in tqdm(work, total=len(recordings), unit="recording", disable=None):
        if outcome is None:
            remove_unfinished(asked.out, path)
            line = f"error: {path}: its process was killed, perhaps for lack of memory; nothing written"
            outcome = Outcome(line, failed=True)
        yield outcome


def remove_unfinished(out: Path, recording: Path) -> None:
    """Remove what a prediction that was stopped has left."""
    name = file_name(recording_name(recording))
    shutil.rmtree(unfinished_folder(out, name), ignore_errors=True)


def predict_one(path: Path, asked: argparse.Namespace, *, alone: bool = True) -> Outcome:
    """Predict one recording and write the results; whatever is wrong with it ends in one line."""
    try:
        ecg = open_ecg(path, lead=asked.lead, column=asked.column, fs=asked.fs, unit=asked.unit)
        reference = read_annotations(ecg, asked.compare) if asked.compare else None
        positions = beats_among(*read_annotations(ecg, asked.beats)) if asked.beats else None
        with progress(ecg) if alone else nullcontext() as bar:
            settings: dict[str, Any] = {"on_piece": bar.update} if bar is not None else {}
            released = network(asked.models, asked.model, asked.int8)
            prediction = predict(ecg, released, positions=positions, **settings)
        write_prediction(asked.out, prediction)
    except DataError as error:
        return Outcome(f"error: {error}", failed=True)
    except OSError as error:
        reason = error.strerror or error
        return Outcome(f"error: {path}: nothing written to {asked.out} ({reason})", failed=True)
    except MemoryError:
        return Outcome(f"error: {path}: not enough memory; nothing written", failed=True)
    counts = None
    if reference is not None:
        label = prediction.probability.argmax(axis=1)
        counts = beat_by_beat(*reference, prediction.sample, label, ecg.fs)
    return Outcome(headline(prediction), name=ecg.name, counts=counts)


def beats_among(sample: np.ndarray, symbol: np.ndarray) -> np.ndarray:
    """Return the positions of the annotations that are labelled beats."""
    return sample[np.isin(symbol, list(LABELS))]


def progress(ecg: Ecg) -> tqdm:
    """Return a bar over the seconds of a recording."""
    return tqdm(
        total=round(ecg.length / ecg.fs), desc=ecg.name, unit="s", unit_scale=True, disable=None, leave=False
    )


def headline(prediction: Prediction) -> str:
    """Return a recording's summary in one line."""
    found = prediction.summary
    counts = " ".join(f"{name} {count}" for name, count in found["counts"].items())
    burden, runs, rate = found["burden_percent"], found["longest_run"], found["heart_rate"]["median"]
    likely = rate is None or LIKELY_RATES[0] <= rate <= LIKELY_RATES[1]
    return (
        f"{found['recording']}: {found['beats']} beats ({counts}); S {burden['S']} %, V {burden['V']} %; "
        f"longest run S {runs['S']['beats']}, V {runs['V']['beats']}; {rate}/min; "
        f"{found['uncertain_percent']} % uncertain"
        + ("" if likely else "; no likely heart rate: is the --fs right?")
    )
