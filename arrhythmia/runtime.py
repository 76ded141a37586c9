"""Settings that make Keras give the same bytes on every run."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from arrhythmia.errors import DataError


@contextmanager
def silent_stderr() -> Iterator[None]:
    """Keep from the terminal what C++ code writes to it.

    TensorFlow's first lines, about CUDA drivers and instruction sets, come before its log level is read.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


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


def prepare(*, threads: int, seed: int) -> None:
    """Fix seeds, threads and kernels. Call before anything else imports Keras.

    Args:
        threads: threads inside one operation; another number gives other rounding, so other weights.
        seed: seed of Python, NumPy and the Keras backend.

    Raises:
        DataError: less than one thread.
    """
    if threads < 1:
        raise DataError(f"params.yaml: train.threads is {threads}; the least is 1")
    # oneDNN picks its kernels by CPU type; AVX2 is what every x86-64 server and laptop of today has. Set, not
    # proposed: somebody's own TF_ENABLE_ONEDNN_OPTS=0 gives other weights.
    os.environ["ONEDNN_MAX_CPU_ISA"] = "AVX2"
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["TF_NUM_INTRAOP_THREADS"] = str(threads)
    os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    with silent_stderr():
        import keras  # after the environment is set, which TensorFlow reads once

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(seed)
