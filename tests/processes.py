"""Looking at processes that end whenever they like, and waiting however busy the machine is."""

import time

import psutil
import pytest

PATIENCE = 300
"""Time that no wait needs unless something is wrong, s."""


def wait_until(fits, what, *, patience=PATIENCE):
    """Return what `fits` returns as soon as that is true; fail if it never is."""
    until = time.monotonic() + patience
    while not (found := fits()):
        if time.monotonic() > until:
            pytest.fail(f"waited {patience} s in vain: {what}")
        time.sleep(0.05)
    return found


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
