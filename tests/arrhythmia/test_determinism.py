import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from arrhythmia import determinism
from arrhythmia.errors import DataError

ROOT = Path(__file__).parents[2]
HOSTILE = {
    "NPY_DISABLE_CPU_FEATURES": "",
    "OPENBLAS_CORETYPE": "Sandybridge",
    "OPENBLAS_NUM_THREADS": "2",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_XLA_FLAGS": "--tf_xla_auto_jit=2",
    "DNNL_MAX_CPU_ISA": "SSE41",
    "KERAS_BACKEND": "jax",
    "FREETYPE_PROPERTIES": "truetype:interpreter-version=35",
    "GOTO_NUM_THREADS": "2",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "TENSORFLOW_USE_CUSTOM_CONTRACTION_KERNEL": "0",
    "XLA_FLAGS": "--xla_cpu_enable_fast_math=true",
}
IN_FORCE = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Haswell",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "ONEDNN_DEFAULT_FPMATH_MODE": "STRICT",
    "TF_NUM_INTEROP_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "-1",
    "KERAS_BACKEND": "tensorflow",
}
V3 = "avx2 fma bmi1 bmi2 f16c movbe abm"
supported_only = pytest.mark.skipif(bool(determinism.unsupported()), reason="not a supported processor")


def run_python(code, **environment):
    env = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, cwd=ROOT)


@pytest.fixture
def other_machine(monkeypatch):
    """Return a function that makes this machine look like another."""

    def become(*, platform="linux", machine="x86_64", flags=V3):
        monkeypatch.setattr(determinism.sys, "platform", platform)
        monkeypatch.setattr(determinism.platform, "machine", lambda: machine)
        monkeypatch.setattr(determinism, "_cpuinfo", lambda: f"model name\t: A CPU\nflags\t\t: fpu {flags}\n")

    return become


def test_somebodys_own_variables_are_replaced_or_dropped(monkeypatch, other_machine):
    other_machine()
    own = HOSTILE | {"HOME": "/home/me", "TF_CPP_MIN_LOG_LEVEL": "0"}
    monkeypatch.setattr(determinism.os, "environ", own.copy())
    determinism.fix_environment()
    assert determinism.os.environ == IN_FORCE | {"HOME": "/home/me", "TF_CPP_MIN_LOG_LEVEL": "0"}


def test_a_processor_that_lacks_the_kernels_is_not_told_to_use_them(monkeypatch, other_machine):
    other_machine(machine="aarch64")
    monkeypatch.setattr(determinism.os, "environ", {})
    determinism.fix_environment()
    assert not determinism.KERNELS.keys() & determinism.os.environ.keys()
    assert determinism.SETTINGS.items() <= determinism.os.environ.items()


@pytest.mark.parametrize(
    ("machine", "reason"),
    [
        ({}, None),
        ({"flags": f"{V3} avx512f"}, None),
        ({"machine": "aarch64"}, "on aarch64"),
        ({"platform": "darwin"}, "on x86_64"),
        ({"flags": V3.replace("movbe", "")}, "a processor without MOVBE"),
        ({"flags": V3.replace("avx2 fma", "avx")}, "a processor without AVX2 and FMA"),
    ],
)
def test_other_machines_are_named_in_one_line(other_machine, capsys, machine, reason):
    other_machine(**machine)
    determinism.warn_if_unsupported()
    said = capsys.readouterr().err
    if reason is None:
        assert said == ""
    else:
        assert said.count("\n") == 1
        assert f"{reason}: trained networks and their scores will differ" in said


def test_the_processor_is_described_by_make_and_instruction_sets(other_machine):
    other_machine()
    assert determinism.processor() == "x86_64, A CPU, avx2, fma"


@supported_only
@pytest.mark.parametrize("package", ["stages", "tests"])
def test_programs_have_the_settings_in_force_whatever_the_environment_says(package):
    code = f"import {package}, numpy, scipy.linalg; from arrhythmia.determinism import *; check_environment()"
    done = run_python(code, **HOSTILE)
    assert (done.returncode, done.stderr) == (0, "")


@supported_only
def test_numpy_loaded_before_the_settings_is_refused():
    code = "import numpy; from arrhythmia import determinism as d; d.fix_environment(); d.check_environment()"
    done = run_python(code, **HOSTILE)
    assert done.returncode == 1
    assert "DataError: NumPy was loaded before its settings and uses" in done.stderr
    assert "OpenBLAS for Sandybridge with 2 threads" in done.stderr


@supported_only
def test_other_functions_of_the_c_library_are_refused(monkeypatch):
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-AVX2,-FMA")
    with pytest.raises(DataError, match=r"^GLIBC_TUNABLES is 'glibc\.cpu\.hwcaps=-AVX2,-FMA', which selects"):
        determinism.check_environment()


def in_force():
    """Check in a child process, and return the settings it sees."""
    determinism.check_environment()
    return {name: os.environ.get(name) for name in determinism.SETTINGS}


@supported_only
def test_the_settings_are_in_force_in_a_child_process():
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(in_force).result() == determinism.SETTINGS


@supported_only
def test_tensorflow_runs_on_the_kernels_of_avx2():
    code = (
        "import stages; from arrhythmia.training import runtime; runtime.prepare(threads=1, seed=0)\n"
        "import tensorflow as tf; tf.function(tf.matmul)(tf.ones((64, 64)), tf.ones((64, 64)))\n"
        "from keras import backend, config; print(backend.backend(), config.floatx(), config.epsilon())"
    )
    said = run_python(code, ONEDNN_VERBOSE="1", **HOSTILE).stdout
    assert "cpu,isa:Intel AVX2\n" in said
    assert said.endswith("tensorflow float32 1e-07\n")


@pytest.mark.parametrize("threads", [1, 3])
def test_tensorflow_has_the_threads_it_was_told_whatever_settles_the_environment_after(threads):
    code = (
        "import stages; from arrhythmia.training import runtime\n"
        f"runtime.prepare(threads={threads}, seed=0)\n"
        "from arrhythmia.determinism import fix_environment; fix_environment()\n"
        "from tensorflow.python.eager import context; context.ensure_initialized()\n"
        "print(context.context().config.intra_op_parallelism_threads)\n"
        f"runtime.prepare(threads={threads + 1}, seed=0)"
    )
    done = run_python(code, **HOSTILE)
    assert done.stdout == f"{threads}\n"
    assert f"DataError: TensorFlow was used before, with other than {threads + 1} threads" in done.stderr


def test_batch_normalisation_is_that_of_tensorflow_but_for_rounding(keras):
    import tensorflow as tf

    rng = np.random.default_rng(0)
    x = rng.normal(3, 2, (256, 50, 16)).astype(np.float32)
    mean, variance = x.mean((0, 1)), x.var((0, 1))
    scale, offset = rng.uniform(0.5, 2, (2, 16)).astype(np.float32)
    for factor, shift in ((scale, offset), (None, None), (scale, None), (None, offset)):
        exact = (x - mean.astype(float)) / np.sqrt(variance.astype(float) + 1e-3)
        exact = exact * (1 if factor is None else factor) + (0 if shift is None else shift)
        ours = tf.nn.batch_normalization(x, mean, variance, shift, factor, 1e-3)
        assert ours.dtype == tf.float32
        np.testing.assert_allclose(ours, exact, atol=2e-6)


def test_the_orthogonal_initializer_gives_orthogonal_columns(keras):
    weights = np.asarray(keras.initializers.Orthogonal(seed=3)((48, 144)), dtype=float)
    np.testing.assert_allclose(weights @ weights.T, np.eye(48), atol=1e-6)
    assert not np.array_equal(weights, np.asarray(keras.initializers.Orthogonal(seed=4)((48, 144))))


def test_keras_calls_the_replaced_operations(keras, monkeypatch):
    import tensorflow as tf

    called = []
    for module, name in ((tf.nn, "batch_normalization"), (tf.linalg, "qr")):
        assert getattr(module, name) is getattr(determinism, name)
        monkeypatch.setattr(
            module,
            name,
            lambda *args, name=name, **kwargs: (
                called.append(name) or getattr(determinism, name)(*args, **kwargs)
            ),
        )
    keras.layers.GRU(4)(np.zeros((2, 3, 4), np.float32))
    keras.layers.BatchNormalization()(np.zeros((2, 4), np.float32))
    assert called == ["qr", "batch_normalization"]
