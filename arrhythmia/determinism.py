"""The same bytes on every x86-64 processor with AVX2 and FMA: settings, operations, and whether they hold.

What depends on the processor, how it was found and where the promise was tried: docs/reproducibility.md.
"""

import os
import platform
import re
import sys
from functools import cache
from pathlib import Path

from arrhythmia.errors import DataError

KERNELS = {
    # NumPy and OpenBLAS pick kernels by processor, with other last bits; these every supported one has.
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Haswell",
}
"""Environment variables that a processor without these instructions must not see."""

SETTINGS = {
    # Another number of threads splits, so rounds, a sum elsewhere.
    "OPENBLAS_NUM_THREADS": "1",
    # TensorFlow's kernels: oneDNN's, of AVX2, with products in float32; one operation at a time, no GPU.
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ONEDNN_DEFAULT_FPMATH_MODE": "STRICT",
    "TF_NUM_INTEROP_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "-1",
    "KERAS_BACKEND": "tensorflow",
}
"""Environment variables for every machine. As `KERNELS`, they are read once, when a library is loaded."""

READ_BY_LIBRARIES = (
    "DNNL_",
    "FREETYPE_",
    "GOTO_",
    "KERAS_",
    "NPY_",
    "ONEDNN_",
    "OPENBLAS_",
    "TENSORFLOW_",
    "TF_",
    "XLA_",
)
"""Beginnings of the names of variables with which somebody could change results unnoticed."""

HARMLESS = ("KERAS_HOME", "ONEDNN_VERBOSE", "TF_CPP_MIN_LOG_LEVEL")
"""Variables of these beginnings that change no result."""

NEEDED = ("avx2", "fma", "bmi1", "bmi2", "f16c", "movbe", "abm")
"""Instruction sets of a supported processor, as Linux calls them: x86-64-v3, Intel from Haswell (2013), AMD
from Zen (2017). NumPy's kernels need all of them; a virtual machine may hide some."""


def fix_environment() -> None:
    """Set what the numerical libraries read when they are loaded, and drop what else they would read.

    Every program of this project calls it before it loads them; a process that a program starts inherits it.
    """
    for name in list(os.environ):
        if name.startswith(READ_BY_LIBRARIES) and name not in HARMLESS:
            del os.environ[name]
    os.environ.update(SETTINGS if unsupported() else SETTINGS | KERNELS)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def check_environment() -> None:
    """Check that NumPy and OpenBLAS run, in this process, with the kernels of Haswell and on one thread.

    Raises:
        DataError: they were loaded before `fix_environment`, or the C library is told to use other functions.
    """
    if unsupported():
        return
    if "hwcaps" in (tunables := os.environ.get("GLIBC_TUNABLES", "")):
        raise DataError(
            f"GLIBC_TUNABLES is '{tunables}', which selects other mathematical functions; unset it"
        )
    from numpy._core._multiarray_umath import __cpu_features__ as used_by_numpy
    from threadpoolctl import threadpool_info

    wrong = [name for name in ("X86_V4", "AVX512_ICL", "AVX512_SPR") if used_by_numpy.get(name)]
    wrong += [] if used_by_numpy["X86_V3"] else ["no kernels for AVX2"]
    for pool in threadpool_info():
        found = pool.get("architecture"), pool["num_threads"]
        if pool["internal_api"] == "openblas" and found != ("Haswell", 1):
            wrong.append(f"OpenBLAS for {found[0]} with {found[1]} threads")
    if wrong:
        raise DataError(
            f"NumPy was loaded before its settings and uses {', '.join(wrong)}; "
            "call arrhythmia.determinism.fix_environment() before the first import of NumPy"
        )


def processor() -> str:
    """Return machine, make and instruction sets for vectors, such as `x86_64, AMD EPYC, avx2, fma`."""
    model = re.search(r"(?m)^model name\s*: (.+)", _cpuinfo())
    flags = [name for name in ("avx2", "fma", "avx512f") if name in _flags()]
    return ", ".join([platform.machine(), model[1] if model else "unknown make", *flags])


def unsupported() -> str | None:
    """Return why this machine's results may differ from the committed ones; None on a supported machine."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return f"{platform.system()} on {platform.machine()}"
    missing = [name.upper() for name in NEEDED if name not in _flags()]
    return f"a processor without {' and '.join(missing)}" if missing else None


@cache
def _cpuinfo() -> str:
    path = Path("/proc/cpuinfo")  # Linux only
    return path.read_text() if path.exists() else ""


def _flags() -> set[str]:
    """Return the instruction sets of the processor, as Linux calls them."""
    found = re.search(r"(?m)^flags\s*: (.+)", _cpuinfo())
    return set(found[1].split()) if found else set()


def warn_if_unsupported() -> None:
    """Say in one line on stderr that results of this machine are not the committed ones, where it is so."""
    reason = unsupported()
    if reason:
        print(
            f"note: {reason}: trained networks and their scores will differ from the committed ones; "
            "the same bytes come on Linux on x86-64 with AVX2 and FMA (docs/reproducibility.md)",
            file=sys.stderr,
            flush=True,
        )


def replace_operations() -> None:
    """Replace the two operations of TensorFlow in our networks whose last bits depend on the processor.

    Keras calls both by these names, for batch normalisation and for the orthogonal initial weights of
    recurrent layers. Its layers, and so the model files, stay as they are. They are replaced for the whole
    process; the factorisation is computed at once, so not in a `tf.function`.
    """
    import tensorflow as tf

    tf.nn.batch_normalization = batch_normalization
    tf.linalg.qr = qr


def batch_normalization(x, mean, variance, offset, scale, variance_epsilon, name=None):
    """Normalise as `tf.nn.batch_normalization`, with the inverse square root in float64.

    In float32, Eigen starts from the instruction `rsqrtps`, whose bits differ between makes of processors.
    """
    import tensorflow as tf

    inverse = tf.math.rsqrt(tf.cast(variance, tf.float64) + variance_epsilon)
    factor = tf.cast(inverse, x.dtype)
    if scale is not None:
        factor *= scale
    shift = -mean * factor if offset is None else offset - mean * factor
    return x * factor + shift


def qr(matrix, full_matrices=False, name=None):
    """Factorise as `tf.linalg.qr`, in float64 by LAPACK.

    Eigen's products have blocks by the size of the first-level cache, so sums in another order on a processor
    with 48 KiB (Intel from Ice Lake) than on one with 32 KiB.
    """
    import numpy as np
    import tensorflow as tf

    mode = "complete" if full_matrices else "reduced"
    q, r = np.linalg.qr(np.asarray(matrix, dtype=np.float64), mode)
    return tf.constant(q, matrix.dtype), tf.constant(r, matrix.dtype)
