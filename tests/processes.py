"""Looking at processes that end whenever they like, and waiting however busy the machine is."""

import contextlib
import os
import signal
import subprocess
import time

import psutil
import pytest

PATIENCE = 300
"""Time that no wait needs unless something is wrong, s."""


def wait_until(fits, what, *, patience=PATIENCE, pause=0.05):
    """Return what `fits` returns as soon as that is true, asked every `pause` s; fail if it never is."""
    until = time.monotonic() + patience
    while not (found := fits()):
        if time.monotonic() > until:
            pytest.fail(f"waited {patience} s in vain: {what}")
        time.sleep(pause)
    return found


@contextlib.contextmanager
def running(words, **options):
    """Start a program with pipes to read from, in a process group of its own, which ends with the block.

    So a test that fails in the middle leaves no process and no open pipe, of which Python would warn in the
    next test.
    """
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    with subprocess.Popen(words, **pipes, **options) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def command_line(process):
    """Return the words that started a process as one text; nothing if it has ended meanwhile."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def children_of(process, *, recursive=False):
    """Return the processes that a process has started; none if it has ended meanwhile."""
    try:
        return process.children(recursive=recursive)
    except psutil.NoSuchProcess:
        return []


def has_ended(process):
    """Whether a process runs no more; one that its parent has not yet taken note of has ended too."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
