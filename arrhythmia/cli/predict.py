"""Find and classify the heartbeats of recordings with a trained network.

arrhythmia predict path/to/100 --out predictions
arrhythmia predict folder/of/recordings --jobs 4
arrhythmia predict holter.csv --column ecg --fs 250 --unit uV
arrhythmia predict path/to/mitdb/100 --compare atr
arrhythmia predict s3://bucket/folder --out s3://bucket/results

Exit codes: 0 all went well; 1 a recording failed (the others are written), or interrupted; 2 wrong usage.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, nullcontext, suppress
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from arrhythmia.cli.bucket import Place, S3Path, place, predict_stored
from arrhythmia.cli.folder import find_recordings
from arrhythmia.cli.limited import Ended, Limits, Report, limited
from arrhythmia.cli.outcome import Outcome
from arrhythmia.cli.table import has_results, names_in, write_table
from arrhythmia.command_line import command_parser
from arrhythmia.errors import DataError
from arrhythmia.formats.names import KINDS, kind, recording_name, without_suffix
from arrhythmia.formats.recordings import OPTIONS
from arrhythmia.inference.disclaimer import DISCLAIMER
from arrhythmia.inference.unfinished import file_name, remove_unfinished
from arrhythmia.utils.parallel import cores

BAR = "{percentage:3.0f}% |{bar}| {elapsed}"

MOST_THREADS = 4
"""Parts of a recording that are computed at a time: each takes some 60 MB, and reading is not parallel."""

BYTES_A_SECOND = 4e6
"""Of a file, that opening it may take a second of computing for; a text table with dates takes the half."""


def main(argv: list[str] | None = None) -> int:
    """Predict the recordings of the command line; returns the exit code."""
    parser = arguments()
    asked = parser.parse_args(argv)
    if asked.jobs < 1:
        parser.error("--jobs must be 1 or more")
    if asked.resume and asked.compare:
        parser.error("--compare is of what is predicted now: leave --resume out")
    recordings, lost = found(asked.recordings)
    idle, partly_idle = idle_options(asked, {kind(path) for path in recordings})
    if idle:
        print(*idle, sep="\n", file=sys.stderr)
        return 2
    if isinstance(asked.out, S3Path):
        asked.out.is_dir()  # refuses a bucket that is not there, before anything is predicted
    print(DISCLAIMER)
    alone, outcomes = of_a_name_each(recordings)
    written = with_results(alone, asked) if asked.resume else set()
    if written:
        print(f"left as they are, with results in {asked.out}: {len(written)} of {len(alone)}")
    for line in [outcome.line for outcome in (*lost, *outcomes.values())] + partly_idle:
        print(printable(line), file=sys.stderr)
    try:
        if not predict_all([path for path in alone if path not in written], asked, outcomes):
            return 1
    except KeyboardInterrupt:
        number = len(lost) + len(recordings) - len(written)
        print(f"interrupted; {len(lost) + len(outcomes)} of {number} recordings done", file=sys.stderr)
        return 1
    print_comparison(outcomes.values())
    failures = {path: printable(outcome.line) for path, outcome in outcomes.items() if outcome.failed}
    done = outcomes.keys() - failures.keys()
    print(f"{len(done)} of {len(lost) + len(outcomes)} recordings written to {asked.out}")
    if asked.table:
        write_table(asked.table, failures, written | done, asked.out)
    return int(bool(lost or failures))


def with_results(recordings: list[Place], asked: argparse.Namespace) -> set[Place]:
    """Return the recordings whose results are there already.

    Raises:
        DataError: the folder of the results cannot be read.
    """
    there = names_in(asked.out)
    return {path for path in recordings if has_results(there, path, page=asked.page)}


def predict_all(recordings: list[Place], asked: argparse.Namespace, outcomes: dict[Place, Outcome]) -> bool:
    """Predict recordings, with a line for each.

    Args:
        recordings: each with a name of its own for its results.
        asked: the options.
        outcomes: what became of each is added here.

    Returns:
        Whether all were tried; not where one has shown that no other can be predicted either.
    """
    try:
        with closing(work_on(recordings, asked)) as done:
            for path, outcome in done:
                outcomes[path] = outcome  # first, so that Ctrl-C on sight of its line counts it
                for note in outcome.notes:
                    tqdm.write(printable(note), file=sys.stderr)
                tqdm.write(printable(outcome.line), file=sys.stderr if outcome.failed else sys.stdout)
                if outcome.hopeless:
                    return False
    except KeyboardInterrupt:
        for path in recordings if isinstance(asked.out, Path) else ():
            remove_unfinished(asked.out, file_name(recording_name(path)))
        raise
    return True


def arguments() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    about, _, examples = __doc__.partition("\n\n")
    parser = command_parser("predict", about, epilog=f"{examples}\n{DISCLAIMER}")
    add = parser.add_argument
    add(
        "recordings",
        nargs="+",
        type=place,
        metavar="RECORD",
        help="WFDB record, .edf, text table (.csv, .tsv, .txt), or a folder of them; s3://… too",
    )
    add("--out", type=place, default=Path("predictions"), help="folder for the results (predictions)")
    add("--model", choices=("cnn", "rnn"), default="cnn", help="network (cnn)")
    add("--int8", action="store_true", help="the smaller file of the network, with 8-bit weights")
    add("--models", type=Path, help="folder of the networks (those for new patients)")
    add("--lead", help="name of the lead, or its number from 0; else the one most like MLII")
    add("--column", help="column of the ECG in text tables, by name or number from 1")
    add("--fs", type=float, help="sampling rate of text tables, Hz, if they tell none")
    add("--decimal", choices=(".", ","), help="decimal sign in text tables; with . commas part thousands")
    add("--time", metavar="COLUMN", help="column of times in text tables, or none; else known by its name")
    add("--unit", help="of the signal, if the file tells none or a wrong one: mV, uV, V, or units per mV")
    add(
        "--beats",
        metavar="ANNOTATOR",
        help="take the beats of this annotation file (atr) instead of detecting",
    )
    add("--compare", metavar="ANNOTATOR", help="compare with this annotation file (atr) by EC57")
    add("--page", action="store_true", help="write a page too, to look through the beats and correct them")
    add("--resume", action="store_true", help="leave out recordings whose results are in --out")
    add("--table", type=place, metavar="FILE", help="write a row a recording to this CSV file at the end")
    add(
        "--scheduler",
        type=address,
        metavar="ADDRESS",
        help="of a Dask cluster that sees these places: tcp://host:8786",
    )
    add("--jobs", type=int, default=cores(), help="cores for the recordings, or for parts of one (all)")
    parser.set_defaults(scratch=None)  # folder for copies from a bucket; a worker of a cluster has its own
    limit = parser.add_argument_group("limits of each recording, which has a process of its own").add_argument
    limit(
        "--max-seconds",
        type=positive,
        default=20,
        metavar="S",
        help="of computing to open it, and again to predict it; more if it is large or long (20)",
    )
    limit("--max-memory", type=positive, default=1000, metavar="MB", help="of data in memory (1000)")
    limit("--max-size", type=positive, default=4000, metavar="MB", help="of its files together (4000)")
    return parser


def positive(text: str) -> float:
    """Return the number that a text holds, for argparse.

    Raises:
        ValueError: it is none above 0.
    """
    if not 0 < (number := float(text)) < 1e9:
        raise ValueError
    return number


def address(text: str) -> str:
    """Return an address for argparse; a variable of the shell that is not set is none.

    Raises:
        ValueError: it is empty.
    """
    if not text:
        raise ValueError
    return text


def found(given: list[Place]) -> tuple[list[Place], list[Outcome]]:
    """Return the recordings that the command line names, each once, and a failure for what holds none."""
    recordings: dict[Place, Place] = {}
    failures = []
    for path in given:
        try:
            # `r`, `r.dat` and `r.hea` are one WFDB record
            recordings |= {without_suffix(found): found for found in find_recordings(path)}
        except DataError as error:
            failures.append(Outcome(f"error: {error}", failed=True))
        except OSError as error:
            failures.append(Outcome(f"error: {path}: cannot be read ({error.strerror})", failed=True))
    return list(recordings.values()), failures


def idle_options(asked: argparse.Namespace, kinds: set[str]) -> tuple[list[str], list[str]]:
    """Return errors for options that apply to none of the recordings, notes for those that do to some.

    Args:
        asked: the options.
        kinds: of the recordings.
    """
    errors, notes = [], []
    for option in sorted({option for options in OPTIONS.values() for option in options}):
        without = {suffix for suffix in kinds if option not in OPTIONS[suffix]}
        if getattr(asked, option) is None or not without:
            continue
        names = " and ".join(KINDS[suffix] for suffix in sorted(without))
        if without == kinds:
            errors.append(f"error: --{option} does not apply to {names}; leave it out")
        else:
            notes.append(f"note: --{option} does not apply to {names}, and is not used for them")
    return errors, notes


def printable(line: str) -> str:
    """Return a line without what moves a terminal's cursor or cannot be printed: it may come from a file."""
    return "".join(letter if letter.isprintable() else "?" for letter in line)


def print_comparison(outcomes: Iterable[Outcome]) -> None:
    """Print the table of EC57, if one was asked for."""
    compared = sorted((x.name, x.counts) for x in outcomes if x.counts is not None)
    if compared:
        from arrhythmia.cli.comparison import comparison_text  # loads pandas

        print(comparison_text([name for name, _ in compared], np.stack([counts for _, counts in compared])))


def of_a_name_each(recordings: list[Place]) -> tuple[list[Place], dict[Place, Outcome]]:
    """Return the recordings whose results have a name of their own, and a failure for each other one."""
    names = [file_name(recording_name(path)) for path in recordings]
    count = Counter(names)
    alone = [path for path, name in zip(recordings, names, strict=True) if count[name] == 1]
    lines = {
        path: f"error: {path}: the results of {count[name]} recordings would be called {name}; predict it "
        "by itself, with another --out"
        for path, name in zip(recordings, names, strict=True)
        if count[name] > 1
    }
    return alone, {path: Outcome(line, failed=True) for path, line in lines.items()}


def work_on(recordings: list[Place], asked: argparse.Namespace) -> Iterator[tuple[Place, Outcome]]:
    """Yield each recording and what became of it, on the cluster if one is named."""
    if asked.scheduler is None or not recordings:
        yield from results(recordings, asked)
        return
    from arrhythmia.cli.cluster import cluster_results  # loads Dask, an extra

    with tqdm(total=len(recordings), bar_format=BAR, disable=None, leave=False) as bar:
        for path, outcome in cluster_results(results, recordings, asked):
            bar.update()
            yield path, outcome


def results(recordings: list[Place], asked: argparse.Namespace) -> Iterator[tuple[Place, Outcome]]:
    """Yield each recording and what became of it, several at a time, as they are done."""
    shares: dict[Place, float] = {}
    with tqdm(total=len(recordings), bar_format=BAR, disable=None, leave=False) as bar:

        def progress(path: Place, share: float) -> None:
            bar.update(share - shares.get(path, 0.0))
            shares[path] = share

        items = ((path, limits(path, asked)) for path in recordings)
        loaded = ["arrhythmia.cli.recording"]
        # one alone loads what draws only when it is classified: that saves memory; a worker gets others too
        if len(recordings) > 1 or asked.scratch:
            loaded += ["arrhythmia.figures.minute", "arrhythmia.figures.style"]
        if asked.scratch:  # each process would import anew what its worker was started with: half a second
            loaded.append("distributed.cli.dask_worker")
        room = nullcontext()
        if any(isinstance(one, S3Path) for one in (asked.out, *recordings)):
            loaded.append("s3fs")
            room = tempfile.TemporaryDirectory(prefix="arrhythmia-", dir=asked.scratch)
        with room as copies:
            threads = min(max(asked.jobs // max(len(recordings), 1), 1), MOST_THREADS)
            work = partial(predict_one, asked=asked, copies=copies, threads=threads)
            done = limited(work, items, jobs=asked.jobs, preload=loaded, on_progress=progress)
            with closing(done):  # before the room: no process is left that writes there
                for path, outcome in done:
                    if copies:
                        shutil.rmtree(copies_of(path, copies), ignore_errors=True)
                    if isinstance(outcome, Ended):
                        if isinstance(asked.out, Path):
                            remove_unfinished(asked.out, file_name(recording_name(path)))
                        outcome = Outcome(f"error: {path}: {outcome.reason}; nothing written", failed=True)
                    progress(path, 1.0)
                    yield path, outcome


def copies_of(path: Place, copies: str) -> Path:
    """Return the folder for the copies of a recording."""
    return Path(copies, file_name(recording_name(path)))


def limits(path: Place, asked: argparse.Namespace) -> Limits:
    """Return what the process of a recording may use until it is open."""
    size, record = 0, without_suffix(path)
    for file in {path, *(record.with_name(f"{record.name}{suffix}") for suffix in (".dat", ".mat"))}:
        with suppress(OSError, ValueError):
            size += os.stat(file).st_size
    size = min(size, 1e6 * asked.max_size)
    return Limits(asked.max_seconds + size / BYTES_A_SECOND, asked.max_memory)


def predict_one(
    path: Place, report: Report, *, asked: argparse.Namespace, copies: str | None, threads: int
) -> Outcome:
    """Predict a recording, in its own process: this one does without the libraries.

    Args:
        path: the recording.
        report: how long it may take, and how far it is.
        asked: the options.
        copies: folder for copies from and to a bucket; None if there is none.
        threads: cores to use.
    """
    from arrhythmia.cli.recording import predict_recording

    if copies is None:
        return predict_recording(path, report, asked=asked, threads=threads)
    return predict_stored(
        path,
        lambda local, asked: predict_recording(local, report, asked=asked, threads=threads),
        lambda size: report.grant(asked.max_seconds + size / BYTES_A_SECOND),
        asked=asked,
        folder=copies_of(path, copies),
    )
