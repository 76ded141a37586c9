"""Fixtures that tests of several modules share."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest
import wfdb
from filelock import FileLock
from hypothesis import settings

from arrhythmia.aami import CLASSES, SYMBOLS
from arrhythmia.ecg.beats import Beats, load_beats, save_beats
from arrhythmia.ecg.records import read_recording, record_names
from arrhythmia.ecg.segmentation import cut_beats
from arrhythmia.training import runtime
from tests.synthetic_run import synthetic_run

# The same examples on every machine, and no limit on the time of one: CI machines are slow and shared.
settings.register_profile("tests", derandomize=True, deadline=None)
settings.load_profile("tests")

# A shell ignores Ctrl-C in what it starts in the background; so would what the tests start and interrupt.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


LONGEST_FIRST = (
    "tests/test_end_to_end.py",
    "tests/same_bytes/test_hashes.py",
    "tests/arrhythmia/studies/search/test_study.py",
    "tests/arrhythmia/training/test_cross_validation.py",
    "tests/arrhythmia/training/test_fit.py",
    "tests/test_experiments.py",  # in the middle, when the run that it starts from has long been made
    "tests/notebooks/test_notebooks.py",
    "tests/test_no_leak.py",
    "tests/same_bytes/test_graphs.py",
    "tests/test_wheel.py",
    "tests/test_cluster.py",
)
"""Files to begin with, so that at the end no process waits for another's long one."""


def pytest_collection_modifyitems(items):
    """Put the long files first; with --no-loadscope-reorder, xdist hands files out in this order."""
    place = {name: number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.nodeid.split("::")[0], len(place)))


def folder_of(variable, file):
    """Return the folder an environment variable names: a skip if unset, a failure if `file` is not in it."""
    folder = os.environ.get(variable)
    if not folder:
        pytest.skip(f"{variable} is not set")
    if not Path(folder, file).is_file():
        pytest.fail(f"{variable}={folder} does not hold {file}")
    return Path(folder)


@pytest.fixture(scope="session")
def mitdb():
    """Folder of the 48 real recordings."""
    return folder_of("MITDB_MIRROR", "100.hea")


@pytest.fixture(scope="session")
def reference_data():
    """Folder of the published tables that the results are compared with."""
    return folder_of("REFERENCE_DATA", "kaggle/test_fold.csv")


@pytest.fixture(scope="session")
def real_recordings(mitdb):
    return [read_recording(mitdb, name) for name in record_names(mitdb)]


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory):
    """A folder for what all processes of pytest share, made by whichever comes first."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # each has a folder of its own in that of the session
        folder = folder.parent
    folder = folder / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def real_beats(request, shared_folder):
    """All real beats, by window; the centred windows are short, to be quick."""
    times, rr = {"before": 0.1, "after": 0.1}, {"rr_before": 3, "rr_after": 2, "rr_long": 300}
    settings = {"fs": 125, **times, **rr, "source": "physionet"}
    files = {window: shared_folder / f"real_beats_{window}.npz" for window in ("centred", "kaggle")}
    with FileLock(shared_folder / "real_beats.lock"):
        for window, path in files.items():
            if not path.exists():
                recordings = request.getfixturevalue("real_recordings")
                save_beats(path, cut_beats(recordings, window=window, **settings))
    return {window: load_beats(path) for window, path in files.items()}


@pytest.fixture(scope="session")
def whole_run(shared_folder):
    """A run of the whole pipeline on synthetic recordings, made once for all processes of pytest."""
    return synthetic_run(shared_folder)


@pytest.fixture(scope="session")
def write_record():
    """Return a function that writes a small WFDB record of two leads, `adu (n, 2)`, with annotations."""

    def write(folder, name="r", *, fs=360, leads=("V5", "MLII"), adu=None, sample=None, symbol=None):
        folder.mkdir(parents=True, exist_ok=True)
        if adu is None:
            t = np.arange(10 * fs) / fs
            adu = 1024 + np.stack([200 * np.sin(7 * t), 400 * np.sin(9 * t)], axis=1).round().astype(int)
        sample = np.arange(1, 10) * fs if sample is None else np.asarray(sample)
        symbol = np.array(list("+NAVFQ/~N")) if symbol is None else np.asarray(symbol)
        wfdb.wrsamp(
            name,
            fs,
            ["mV"] * len(leads),
            list(leads),
            d_signal=adu,
            fmt=["212"] * len(leads),
            adc_gain=[200] * len(leads),
            baseline=[1024] * len(leads),
            write_dir=str(folder),
        )
        wfdb.wrann(name, "atr", sample, symbol, write_dir=str(folder))

    return write


@pytest.fixture(scope="session")
def make_beats():
    """Return a function that makes a table of beats from labels; columns can be given by name."""

    def make(label, **columns):
        label = np.asarray(label, dtype=np.int8)
        rng = np.random.default_rng(0)
        n = len(label)
        made = {
            "waveform": rng.normal(size=(n, 20)).astype(np.float32),
            "rr": rng.uniform(0.5, 1.2, size=(n, 5)).astype(np.float32),
            "rr_long": rng.uniform(0.7, 0.9, size=n).astype(np.float32),
            "record": np.full(n, "s01"),
            "sample": np.arange(n, dtype=np.int32) * 300,
            "annotation": np.arange(n, dtype=np.int32),
            "symbol": np.array([SYMBOLS[CLASSES[i]][0] for i in label], dtype="<U1"),
            "label": label,
            "kaggle": np.ones(n, dtype=bool),
            "source": np.array("synthetic"),
            "fs": np.array(125.0),
            "r_index": np.array(8),
            "rr_before": np.array(4),
        }
        return Beats(**{**made, **columns})

    return make


@pytest.fixture(scope="session")
def keras():
    """Keras with the settings of a training; TensorFlow takes seconds to start, so only for who asks."""
    runtime.prepare(threads=1, seed=0)
    import keras

    return keras
