import os
import signal
import sys
import time
from pathlib import Path

import pytest

from arrhythmia.errors import DataError
from arrhythmia.utils import parallel
from arrhythmia.utils.parallel import in_processes
from tests.processes import PATIENCE, running

ROOT = Path(__file__).parents[3]


def say(word):
    """Print a line as a whole: a process that prints at the same moment does not get in between."""
    os.write(1, f"{word}\n".encode())


def work(word):
    """Double a number; or do what is bad for the process."""
    if word == "kill":
        time.sleep(0.3)  # the others are at work by then
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "raise":
        raise ValueError("no")
    if word == "long":
        say(word)
        time.sleep(10 * PATIENCE)
    return 2 * word


def test_every_item_has_its_result():
    assert sorted(in_processes(work, [1, 2, 3], jobs=2)) == [(1, 2), (2, 4), (3, 6)]
    assert list(in_processes(work, [], jobs=2)) == []


@pytest.mark.slow
def test_a_killed_process_costs_its_own_item_alone():
    words = [1, "kill", 2, 3, "kill", 4]
    found = list(in_processes(work, words, jobs=3))
    assert sorted(found, key=str) == [("kill", None)] * 2 + [(k, 2 * k) for k in (1, 2, 3, 4)]


def test_what_is_raised_ends_the_others():
    start = time.monotonic()
    with pytest.raises(ValueError, match="no"):
        list(in_processes(work, ["long", "raise"], jobs=2))
    assert time.monotonic() - start < PATIENCE


@pytest.mark.slow
def test_ctrl_c_and_an_early_end_leave_no_process():
    code = (
        "import multiprocessing as m; from tests.arrhythmia.utils.test_parallel import *\n"
        "try:\n"
        "    for word, _ in in_processes(work, [1, 'long', 'long'], jobs=2): say(word)\n"
        "except KeyboardInterrupt: say(f'{len(m.active_children())} left')\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with running([sys.executable, "-c", code], cwd=ROOT, env=environment) as run:
        begun = [run.stdout.readline() for _ in range(3)]  # else a process may be on its way, which is let in
        assert sorted(begun) == ["1\n", "long\n", "long\n"]
        os.killpg(run.pid, signal.SIGINT)  # as a terminal does: to all processes
        said, errors = run.communicate(timeout=PATIENCE)
    assert (said, errors) == ("0 left\n", "")


@pytest.fixture
def four_cores(monkeypatch):
    monkeypatch.delenv("ARRHYTHMIA_CORES", raising=False)
    monkeypatch.setattr(parallel.os, "sched_getaffinity", lambda pid: {0, 2, 3, 5}, raising=False)


@pytest.mark.usefixtures("four_cores")
def test_the_cores_are_those_the_process_may_run_on():
    assert parallel.cores() == 4


@pytest.mark.usefixtures("four_cores")
def test_without_affinity_all_cores_count(monkeypatch):
    monkeypatch.delattr(parallel.os, "sched_getaffinity")
    monkeypatch.setattr(parallel.os, "cpu_count", lambda: 8)
    assert parallel.cores() == 8


@pytest.mark.usefixtures("four_cores")
@pytest.mark.parametrize(("share", "cores"), [("", 4), ("1", 1), ("3", 3), ("64", 4)])
def test_the_environment_lowers_the_number_of_cores(monkeypatch, share, cores):
    monkeypatch.setenv("ARRHYTHMIA_CORES", share)
    assert parallel.cores() == cores


@pytest.mark.usefixtures("four_cores")
@pytest.mark.parametrize("share", ["0", "-1", "1.5", "two", "²"])
def test_a_number_of_cores_that_is_none_is_named(monkeypatch, share):
    monkeypatch.setenv("ARRHYTHMIA_CORES", share)
    with pytest.raises(DataError, match=rf"^ARRHYTHMIA_CORES is '{share}'; set it to a number of cores"):
        parallel.cores()
