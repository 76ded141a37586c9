"""Predicting the recordings of a shared folder on a Dask cluster."""

import argparse
import hashlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from arrhythmia.errors import DataError
from arrhythmia.inference.model import pretrained
from arrhythmia.inference.outcome import Outcome

if TYPE_CHECKING:
    from distributed import Client, Future

Work = Callable[[list[Path], argparse.Namespace], Iterator[tuple[Path, Outcome]]]

PATIENCE = 10
"""How long a scheduler may take to answer, s."""


def code_and_models(models: Path | None) -> str:
    """Return a hash of the package's code and of the networks, by which two machines are compared."""
    package = Path(__file__).parents[1]
    folder = models or pretrained("all_patients").parent  # which holds the rhythm network
    found = hashlib.sha256()
    for top, pattern in ((package, "*.py"), (folder, "*.onnx"), (folder, "*.json")):
        for path in sorted(top.rglob(pattern)):
            found.update(f"{path.relative_to(top)}\n".encode() + path.read_bytes())
    return found.hexdigest()


def on_worker(work: Work, path: Path, asked: argparse.Namespace) -> Outcome:
    """Predict one recording in a worker, within its limits."""
    ((_, outcome),) = work([path], asked)
    return outcome


def cluster_results(
    work: Work, recordings: list[Path], asked: argparse.Namespace
) -> Iterator[tuple[Path, Outcome]]:
    """Yield each recording and what became of it, as the workers are done.

    Args:
        work: what predicts recordings on one machine.
        recordings: to predict.
        asked: the options of `arrhythmia predict`.

    Raises:
        DataError: no scheduler or worker is there, a worker has other code or networks, or all went away.
    """
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise DataError("--scheduler needs Dask: install arrhythmia[cluster]") from error
    logging.disable()  # Dask logs a traceback where the scheduler goes; one line is enough
    try:
        client = Client(asked.scheduler, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{asked.scheduler}: no Dask scheduler answers; start one, or leave it out"
        ) from error
    with client:
        refuse_others(client, asked)
        yield from outcomes_of(client, work, recordings, asked)


def refuse_others(client: "Client", asked: argparse.Namespace) -> None:
    """Compare the code and networks of each worker with those of this machine.

    Raises:
        DataError: there is no worker, or one that has others.
    """
    theirs = client.run(code_and_models, asked.models, on_error="return")
    if not theirs:
        raise DataError(f"{asked.scheduler}: has no workers; start some with dask worker")
    ours = code_and_models(asked.models)
    if other := sorted(name for name, one in theirs.items() if one != ours):
        raise DataError(f"{other[0]}: has another version or other networks than here; install the same")


def outcomes_of(
    client: "Client", work: Work, recordings: list[Path], asked: argparse.Namespace
) -> Iterator[tuple[Path, Outcome]]:
    """Yield each recording and what became of it; the cluster has no more at a time than it has threads.

    So none waits at a worker that another recording ends: Dask would count that against both.

    Raises:
        DataError: the scheduler went away.
    """
    from distributed import as_completed

    local = argparse.Namespace(**{**vars(asked), "scheduler": None, "out": asked.out.absolute()})
    waiting = list(reversed(recordings))
    paths = {}
    done = as_completed()

    def fill() -> None:
        threads = max(1, sum(client.nthreads().values()))
        while waiting and done.count() < threads:
            path = waiting.pop()
            future = client.submit(on_worker, work, path.absolute(), local, pure=False)
            paths[future.key] = path
            done.add(future)

    try:
        fill()
        for future in done:
            if future.cancelled():
                raise OSError
            path = paths.pop(future.key)
            yield path, outcome_of(path, future)
            fill()
    except OSError as error:  # so Dask tells of a connection that is lost
        raise DataError(f"{asked.scheduler}: went away; what is written stays, --resume goes on") from error


def outcome_of(path: Path, future: "Future") -> Outcome:
    """Return what became of a recording that a worker is done with, which calls it by its absolute path."""
    from distributed import KilledWorker

    error = future.exception()
    if error is None:
        outcome = future.result()
        theirs, ours = str(path.absolute()), str(path)
        notes = tuple(note.replace(theirs, ours) for note in outcome.notes)
        return replace(outcome, line=outcome.line.replace(theirs, ours), notes=notes)
    why = "ended each worker that tried it" if isinstance(error, KilledWorker) else error
    return Outcome(f"error: {path}: {why}", failed=True)
