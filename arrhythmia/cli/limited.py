"""Calling a function in a process of its own for each item, within limits of time and memory."""

import contextlib
import gc
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from arrhythmia.errors import one_line, wants_memory
from arrhythmia.utils.parallel import end_with_parent

Item = TypeVar("Item")
Result = TypeVar("Result")

CLOCK = 10
"""Seconds by the clock for each one of computing: on a crowded machine a process waits most of its time."""

NO_MEMORY = 77
"""Exit code of a process that got no more memory."""

FAILED = 78
"""Exit code of a process whose function raised something."""


@dataclass(frozen=True)
class Limits:
    """What a process may use.

    Attributes:
        seconds: of computing; the function may grant itself more.
        memory: MB of data.
    """

    seconds: float
    memory: float


@dataclass(frozen=True)
class Ended:
    """A process that ended without a result, and why."""

    reason: str


@dataclass
class _Running(Generic[Item]):
    item: Item
    process: BaseProcess
    limits: Limits
    until: float
    """By the monotonic clock."""


class Report:
    """What a function tells about its work while it works."""

    def __init__(self, connection: Connection) -> None:
        """Report over a connection."""
        self._connection = connection

    def grant(self, seconds: float) -> None:
        """Allow this process so many seconds of computing from now on."""
        allow_seconds(seconds)
        self._connection.send(("grant", seconds))

    def done(self, share: float) -> None:
        """Say which share of the work is done, 0..1."""
        self._connection.send(("done", share))


def limited(
    function: Callable[[Item, Report], Result],
    items: Iterable[tuple[Item, Limits]],
    *,
    jobs: int,
    preload: list[str],
    on_progress: Callable[[Item, float], object] = lambda item, share: None,
) -> Iterator[tuple[Item, Result | Ended]]:
    """Yield each item with what `function` returns for it, as they are done, or why its process ended.

    Each item has a process of its own. It costs some hundredths of a second, because it is a copy of one that
    has loaded the libraries. What a library prints there goes nowhere. Ctrl-C ends all processes at
    once. Call it in the main thread.

    Args:
        function: can be pickled by name; takes an item and a `Report`.
        items: with the limits of each.
        jobs: number of processes at a time.
        preload: names of the modules that `function` needs.
        on_progress: called with an item and the share of its work that is done.
    """
    context = _context(preload)
    waiting = deque(items)
    running: dict[Connection, _Running[Item]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                with _interrupts_blocked():  # until it stands among those that Ctrl-C ends
                    connection, task = _start(context, function, *waiting.popleft())
                    running[connection] = task
            patience = max(0.0, min(task.until for task in running.values()) - time.monotonic())
            for connection in wait(list(running), timeout=patience):
                task = running[connection]
                try:
                    what, value = connection.recv()
                except (EOFError, OSError):
                    task.process.join()
                    what, value = "result", Ended(_why(task.process.exitcode, task.limits))
                if what == "grant":
                    task.limits = replace(task.limits, seconds=value)
                    task.until = time.monotonic() + CLOCK * value
                elif what == "done":
                    on_progress(task.item, value)
                else:
                    _end(running, connection)
                    yield task.item, value
            for connection, task in list(running.items()):
                if time.monotonic() > task.until:
                    _end(running, connection)
                    yield task.item, Ended(_too_long(task.limits))
    finally:
        for connection in list(running):
            _end(running, connection)


def _context(preload: list[str]) -> Any:
    """Return how processes are begun: on Linux as copies of one that has loaded the libraries by then.

    Elsewhere a copy of a process with loaded libraries may not run.
    """
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["arrhythmia.cli.collector_off", *preload])
    resource_tracker.ensure_running()  # its start unblocks SIGINT, so it must not happen within the block
    with _interrupts_blocked():
        forkserver.ensure_running()
    first = context.Process(target=int)
    first.start()  # waits until the libraries are loaded; Ctrl-C can end that
    first.join()
    return context


def _start(
    context: Any, function: Callable[[Item, Report], Result], item: Item, limits: Limits
) -> tuple[Connection, _Running[Item]]:
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(function, item, limits, theirs), daemon=True)
    process.start()
    theirs.close()
    return ours, _Running(item, process, limits, time.monotonic() + CLOCK * limits.seconds)


def _end(running: dict[Connection, _Running[Item]], connection: Connection) -> None:
    """Forget a process and wait until it is gone; one that has sent its result ends by itself."""
    with _interrupts_blocked():
        process = running.pop(connection).process
        connection.close()
        process.kill()
        process.join()
        process.close()


def _work(
    function: Callable[[Item, Report], Result], item: Item, limits: Limits, connection: Connection
) -> None:
    """Run in the process of an item: limit it, and send the result."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    gc.freeze()  # what is loaded stays: the collector need not look through it, which would copy it
    gc.enable()
    end_with_parent()
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        allow_seconds(limits.seconds)
        allow_memory(limits.memory)
        connection.send(("result", function(item, Report(connection))))
    except BaseException as error:
        if wants_memory(error):
            os._exit(NO_MEMORY)
        with contextlib.suppress(Exception):
            connection.send(("result", Ended(f"failed ({type(error).__name__}: {one_line(error)})")))
        os._exit(FAILED)


def allow_seconds(seconds: float) -> None:
    """Let the system end this process when it has computed for so many seconds more."""
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + seconds) + 1, most))


def allow_memory(megabytes: float) -> None:
    """Let this process have no more than so much memory for its data; files that it maps do not count."""
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    with contextlib.suppress(ValueError, OSError):  # not every system can
        resource.setrlimit(resource.RLIMIT_DATA, (int(megabytes * 1e6), most))


def _why(code: int | None, limits: Limits) -> str:
    """Return why a process ended without a result."""
    if code == NO_MEMORY:
        return f"needs more than {limits.memory:g} MB of memory; allow more with --max-memory"
    if code == -signal.SIGXCPU:
        return _too_long(limits)
    if code == -signal.SIGKILL:
        return "its process was killed, perhaps for lack of memory"
    if code is not None and code < 0:
        return f"its process ended by {signal.Signals(-code).name}, as on damaged data or for lack of memory"
    return f"its process ended with code {code}"


def _too_long(limits: Limits) -> str:
    return f"not done after {limits.seconds:g} s of computing; allow more with --max-seconds"


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Ctrl-C waits until the block ends, and never reaches a process that is begun in it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
