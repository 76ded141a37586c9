import gc
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from arrhythmia.cli.limited import Ended, Limits, limited
from tests.processes import PATIENCE, running

ROOT = Path(__file__).parents[3]
ENOUGH = Limits(seconds=20, memory=2000)


def work(word, report):
    """Double a number; or do what is bad for the process."""
    if word == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if word == "raise":
        raise ValueError("no")
    if word == "compute":
        while True:
            pass
    if word == "blocked":
        return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    if word == "sleep":
        time.sleep(10 * PATIENCE)
    if word == "memory":
        return len(np.ones(200_000_000))
    if word == "memory in C":
        raise SystemError("error return without exception set")
    if word == "granted":
        report.grant(20)
        until = time.process_time() + 3
        while time.process_time() < until:
            pass
    if word == "granted too little":
        report.grant(1)
        while True:
            pass
    if word == "collector":
        return gc.isenabled(), gc.get_freeze_count()
    if word == "share":
        report.done(0.25)
        report.done(1.0)
    print("nobody sees this")
    print("nor this", file=sys.stderr)
    return 2 * word


def run(words, limits=ENOUGH, jobs=2, **settings):
    # what `predict` loads: the first call in a process decides, and its tests may come after these
    preload = ["arrhythmia.cli.recording"]
    return limited(work, [(x, limits) for x in words], jobs=jobs, preload=preload, **settings)


def ended(word, limits=ENOUGH):
    [(same, result)] = run([word], limits)
    assert same == word
    assert isinstance(result, Ended)
    return result.reason


def test_the_collector_is_on_and_leaves_out_what_was_loaded():
    [(_, (on, left_out))] = run(["collector"])
    assert on
    assert left_out > 100_000


def test_every_item_has_its_result_and_prints_nothing(capfd):
    assert sorted(run([1, 2, 3])) == [(1, 2), (2, 4), (3, 6)]
    assert list(run([])) == []
    assert capfd.readouterr() == ("", "")


def test_a_process_that_ends_costs_its_own_item_alone():
    found = dict(run([1, "kill", 2, "crash", 3, "raise", 4]))
    assert {k: found[k] for k in (1, 2, 3, 4)} == {1: 2, 2: 4, 3: 6, 4: 8}
    assert found["kill"].reason.startswith("its process was killed")
    assert found["crash"].reason.startswith("its process ended by SIGSEGV")
    assert found["raise"].reason == "failed (ValueError: no)"


def test_computing_for_too_long():
    reason = ended("compute", Limits(seconds=1, memory=2000))
    assert reason == "not done after 1 s of computing; allow more with --max-seconds"


def test_waiting_for_too_long():
    start = time.monotonic()
    assert ended("sleep", Limits(seconds=0.2, memory=2000)).startswith("not done after 0.2 s")
    assert time.monotonic() - start < PATIENCE


def test_a_process_may_be_granted_more_time():
    assert list(run(["granted"], Limits(seconds=1, memory=2000))) == [("granted", "grantedgranted")]


def test_the_time_that_was_granted_is_named():
    assert ended("granted too little") == "not done after 1 s of computing; allow more with --max-seconds"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit the memory of data")
@pytest.mark.parametrize("word", ["memory", "memory in C"])
def test_too_much_memory(word):
    reason = ended(word, Limits(seconds=20, memory=800))
    assert reason == "needs more than 800 MB of memory; allow more with --max-memory"


def test_the_progress_of_an_item():
    seen = []
    list(run(["share"], on_progress=lambda item, share: seen.append((item, share))))
    assert seen == [("share", 0.25), ("share", 1.0)]


@pytest.mark.slow
def test_ctrl_c_and_an_early_end_leave_no_process():
    code = (
        "import multiprocessing as m; from tests.arrhythmia.cli.test_limited import *\n"
        "if __name__ == '__main__':\n"
        "    try:\n"
        "        for word, result in run(['blocked', 'sleep', 'sleep']): print(word, result, flush=True)\n"
        "    except KeyboardInterrupt: print(len(m.active_children()), 'left')\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with running([sys.executable, "-c", code], cwd=ROOT, env=environment) as started:
        # SIGINT is blocked in a process from its start on, until it is ignored
        assert started.stdout.readline() == "blocked True\n"
        os.killpg(started.pid, signal.SIGINT)  # as a terminal does: to all processes
        said, errors = started.communicate(timeout=PATIENCE)
    assert (said, errors) == ("0 left\n", "")
