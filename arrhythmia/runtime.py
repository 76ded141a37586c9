"""Settings that make Keras give the same bytes on every run."""

import os


def prepare(*, threads: int, seed: int) -> None:
    """Fix seeds, threads and kernels. Call before anything else imports Keras.

    Args:
        threads: threads inside one operation; another number gives other rounding, so other weights.
        seed: seed of Python, NumPy and the Keras backend.
    """
    # oneDNN picks its kernels by CPU type; AVX2 is what every x86-64 server and laptop of today has.
    os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["TF_NUM_INTRAOP_THREADS"] = str(threads)
    os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    import keras  # after the environment is set, which TensorFlow reads once

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(seed)
