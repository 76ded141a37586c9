"""How many cores there are, and calling a function in several processes, any of which may be killed."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

from arrhythmia.errors import DataError

Item = TypeVar("Item")
Result = TypeVar("Result")


def cores() -> int:
    """Return the number of cores that this process may use.

    The environment variable `ARRHYTHMIA_CORES` lowers it, for several trainings side by side on one machine.

    Raises:
        DataError: the variable holds no whole number from 1.
    """
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    share = os.environ.get("ARRHYTHMIA_CORES") or str(there)
    if not share.isdecimal() or int(share) < 1:
        raise DataError(f"ARRHYTHMIA_CORES is '{share}'; set it to a number of cores, 1 or more")
    return min(there, int(share))


def in_processes(
    function: Callable[[Item], Result], items: Iterable[Item], *, jobs: int
) -> Iterator[tuple[Item, Result | None]]:
    """Yield each item with what `function` returns for it, as they are done; None if its process was killed.

    The system kills a process when memory runs out. Nobody can tell which item that was for, so those that
    were being worked on are tried again, one at a time: one bad item costs no other. Ctrl-C, and whatever the
    function raises, ends all processes at once. Call it in the main thread.

    Args:
        function: can be pickled by name; may be called twice for an item.
        items: in the order in which they are begun.
        jobs: number of processes.
    """
    waiting = deque(items)
    while waiting:
        for suspect in (yield from _until_one_is_killed(function, waiting, jobs)):
            for item in (yield from _until_one_is_killed(function, deque([suspect]), 1)):
                yield item, None


def _until_one_is_killed(
    function: Callable[[Item], Result], waiting: deque[Item], jobs: int
) -> Generator[tuple[Item, Result], None, list[Item]]:
    """Yield results, and return the items that were being worked on when a process was killed, if one was.

    Items are taken from `waiting` one by one, as processes become free: those still in it were not begun.
    """
    running: dict[Future, Item] = {}
    with _pool(jobs) as pool:
        while waiting or running:
            try:
                with _interrupts_ignored():
                    while waiting and len(running) < jobs:
                        running[pool.submit(function, waiting[0])] = waiting[0]
                        waiting.popleft()
            except BrokenProcessPool:
                return list(running.values())
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                if isinstance(future.exception(), BrokenProcessPool):
                    return list(running.values())
                yield running.pop(future), future.result()
    return []


@contextmanager
def _pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """A pool whose processes end at once when the block is left early."""
    context = multiprocessing.get_context("spawn")
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=end_with_parent)
    try:
        yield pool
    except BaseException:
        for process in set(multiprocessing.active_children()) - before:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Processes begun in this block ignore Ctrl-C, which goes to them too, from their first moment on."""
    kept = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, kept)


def end_with_parent() -> None:
    """Let this process end when the one that started it is killed; else it would wait for work for ever."""

    def wait_for_end() -> None:
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=wait_for_end, daemon=True).start()
