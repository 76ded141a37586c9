"""Predicting the recordings of a shared folder or a bucket on a Dask cluster."""

import argparse
import hashlib
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from arrhythmia.cli.bucket import Place
from arrhythmia.cli.outcome import Outcome
from arrhythmia.errors import DataError, one_line
from arrhythmia.inference.model import pretrained

if TYPE_CHECKING:
    from distributed import Client, Future

Work = Callable[[list[Place], argparse.Namespace], Iterator[tuple[Place, Outcome]]]

PATIENCE = 10
"""How long a scheduler may take to answer, s."""

LIBRARIES = ("edfio", "matplotlib", "numpy", "onnxruntime", "pandas", "pillow", "scipy", "wfdb")
"""Packages by whose version the bytes of a result may differ."""

OTHER = "has another version or other networks than here; install the same"
"""What is wrong with a worker whose results may be others."""


def code_and_models(models: Path | None) -> str:
    """Return a hash of the package, its libraries' versions and the networks: it tells machines apart."""
    package = Path(__file__).parents[1]
    networks = models or pretrained("all_patients")
    found = hashlib.sha256(repr([(name, version(name)) for name in LIBRARIES]).encode())
    code = [*package.rglob("*.py"), *package.glob("inference/templates/**/*.*")]
    used = [*networks.glob("*.onnx"), *networks.glob("*.json"), *networks.parent.glob("rhythm.onnx")]
    for top, paths in ((package, code), (networks.parent, used)):
        for path in sorted(paths):
            found.update(f"{path.relative_to(top)}\n".encode() + path.read_bytes())
    return found.hexdigest()


def on_worker(work: Work, digest: str, path: Place, asked: argparse.Namespace) -> Outcome:
    """Predict one recording in a worker, within its limits, if its code and networks have that hash.

    It may have joined when the others had been compared. Copies lie in its own folder, which Dask removes
    even after the worker was killed.
    """
    from distributed import get_worker

    worker = get_worker()
    if code_and_models(asked.models) != digest:
        return Outcome(f"error: {worker.address}: {OTHER}", failed=True, hopeless=True)
    local = argparse.Namespace(**{**vars(asked), "scratch": worker.local_directory, "jobs": 1})
    ((_, outcome),) = work([path], local)
    return outcome


def cluster_results(
    work: Work, recordings: list[Place], asked: argparse.Namespace
) -> Iterator[tuple[Place, Outcome]]:
    """Yield each recording and what became of it, as the workers are done.

    Args:
        work: what predicts recordings on one machine.
        recordings: to predict.
        asked: the options of `arrhythmia predict`.

    Raises:
        DataError: no scheduler or worker is there, a worker has other code or networks or cannot work, or
            the scheduler went away.
    """
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise DataError("--scheduler needs Dask: install arrhythmia[cluster]") from error
    with silent_dask():
        try:
            client = Client(asked.scheduler, timeout=PATIENCE)
        except (OSError, ValueError) as error:
            raise DataError(
                f"{asked.scheduler}: no Dask scheduler answers; start one, or leave it out"
            ) from error
        except TypeError as error:  # so Dask tells that its configuration names no certificates
            raise DataError(
                f"{asked.scheduler}: {one_line(error)}; set distributed.comm.tls for Dask"
            ) from error
        with client, lost_workers_noted(client, asked.scheduler):
            yield from outcomes_of(client, work, recordings, asked)


@contextmanager
def lost_workers_noted(client: "Client", scheduler: str) -> Iterator[None]:
    """Say so, beside the block, when the last worker has gone: what is left waits for a new one."""
    over = threading.Event()

    def watch() -> None:
        noted = False
        with suppress(OSError, ValueError, RuntimeError):  # the scheduler has gone, which the block tells
            while not over.wait(PATIENCE):
                none = not client.nthreads()
                if none and not noted:
                    words = "no workers are left; waiting for new ones (Ctrl-C ends, --resume goes on)"
                    tqdm.write(f"note: {scheduler}: {words}", file=sys.stderr)
                noted = none

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        over.set()


@contextmanager
def silent_dask() -> Iterator[None]:
    """Let Dask log nothing: where the scheduler goes it logs tracebacks, and one line is enough."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def outcomes_of(
    client: "Client", work: Work, recordings: list[Place], asked: argparse.Namespace
) -> Iterator[tuple[Place, Outcome]]:
    """Yield each recording and what became of it; the cluster has no more at a time than it has threads.

    So none waits at a worker that another recording ends: Dask would count that against both.

    Raises:
        DataError: a worker has other code or networks or cannot work, or the scheduler went away.
    """
    from distributed import as_completed

    absolute = {"out": asked.out.absolute(), "models": asked.models and asked.models.absolute()}
    local = argparse.Namespace(**{**vars(asked), **absolute, "scheduler": None})
    digest = refuse_others(client, asked.scheduler, local.models)
    waiting = list(reversed(recordings))
    paths = {}
    done = as_completed()

    def fill() -> None:
        threads = max(1, sum(client.nthreads().values()))
        while waiting and done.count() < threads:
            path = waiting.pop()
            future = client.submit(on_worker, work, digest, path.absolute(), local, pure=False)
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


def refuse_others(client: "Client", scheduler: str, models: Path | None) -> str:
    """Compare the code and networks of each worker with those of this machine; return their hash.

    Raises:
        DataError: there is no worker, or one that has others.
    """
    theirs = client.run(code_and_models, models, on_error="return")
    if not theirs:
        raise DataError(f"{scheduler}: has no workers; start some with dask worker")
    ours = code_and_models(models)
    if other := sorted(name for name, one in theirs.items() if one != ours):
        raise DataError(f"{other[0]}: {OTHER}")
    return ours


def outcome_of(path: Place, future: "Future") -> Outcome:
    """Return what became of a recording that a worker is done with, which calls it by its absolute path.

    Raises:
        DataError: the worker cannot work. That is no fault of a recording, which has a process of its own;
            and the worker would take the others too.
    """
    from distributed import KilledWorker

    error = future.exception()
    if error is None:
        return future.result().renamed(path.absolute(), path)
    if isinstance(error, KilledWorker):
        tries = error.allowed_failures + 1
        return Outcome(f"error: {path}: ended the {tries} workers that tried it", failed=True)
    reason = one_line(error) or type(error).__name__
    raise DataError(f"a worker cannot work ({reason}); what is written stays, --resume goes on") from error
