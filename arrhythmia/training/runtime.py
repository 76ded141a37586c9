"""Settings that make Keras give the same bytes on every run."""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from arrhythmia.determinism import check_environment, fix_environment, replace_operations
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


def load() -> None:
    """Load Keras and with it TensorFlow, if that has not been done.

    Without the garbage collector, which would make it half as long again and find nothing. What is loaded
    stays, so the collector need not look through it later either.
    """
    if "keras" in sys.modules:
        return
    gc.disable()
    try:
        with silent_stderr():
            import keras  # noqa: F401
    finally:
        gc.freeze()
        gc.enable()


def prepare(*, threads: int, seed: int) -> None:
    """Fix seeds, threads, kernels and operations. Call before anything else imports Keras.

    Called again, it makes Keras what it is in a new process, so what follows gives the bytes of one.

    Args:
        threads: threads inside one operation; another number gives other rounding, so other weights. One
            number in a process: TensorFlow makes its threads at its first operation.
        seed: seed of Python, NumPy and the Keras backend.

    Raises:
        DataError: NumPy was loaded before its settings, or TensorFlow runs with another number of threads.
    """
    fix_environment()
    load()  # after the environment is set, which TensorFlow reads once
    import keras
    import tensorflow as tf

    check_environment()
    try:
        # Not by a variable, which TensorFlow reads at its first operation: until then it may be gone.
        tf.config.threading.set_intra_op_parallelism_threads(threads)
    except RuntimeError as error:
        raise DataError(f"TensorFlow was used before, with other than {threads} threads") from error
    # Keras numbers the layers of a process, and saves their names.
    keras.utils.clear_session(free_memory=False)
    tf.config.experimental.enable_op_determinism()
    replace_operations()
    # as Keras has them where nobody's keras.json says otherwise
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")
    keras.config.set_dtype_policy("float32")
    keras.utils.set_random_seed(seed)
