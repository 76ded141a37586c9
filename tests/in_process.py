"""Training in the process of the tests, where TensorFlow runs already: to start it takes seconds each time.

That it gives the bytes of the real processes is proved in tests/test_end_to_end.py.
"""

from concurrent.futures import Executor, Future
from functools import partial

import pytest

from arrhythmia.training import cross_validation


class InThisProcess(Executor):
    """Does what it is asked for at once, one thing after the other."""

    def submit(self, function, /, *given, **named):
        done = Future()
        try:
            done.set_result(function(*given, **named))
        except BaseException as error:  # Ctrl-C too, as a process hands it on
            done.set_exception(error)
        return done


class PlayedProcess:
    """Plays `multiprocessing.Process`: does its work here, when it is started."""

    exitcode = 0

    def __init__(self, *, target, args):
        self.start = partial(target, *args)

    def join(self):
        """Nothing is left to wait for."""


def run_in_process(stage, protocol):
    """Run a stage that trains, its networks one after the other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cross_validation, "processes", lambda workers: InThisProcess())
        stage.main(protocol)
