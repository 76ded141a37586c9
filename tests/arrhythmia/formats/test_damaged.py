"""Files with bytes changed at random: each is read, or refused in one line; the random numbers are seeded."""

import contextlib
import signal

import edfio
import numpy as np
import pytest

from arrhythmia.errors import DataError
from arrhythmia.formats.annotations import read_annotations
from arrhythmia.formats.recordings import open_ecg
from tests.arrhythmia.ecg.test_annotations import encoded

LONGEST = 30
"""Time that no file may take, s."""


def write_files(folder):
    signal_ = np.round(np.sin(np.arange(3000) / 20), 3)
    (200 * signal_).round().astype("<i2").tofile(folder / "r.dat")
    (folder / "r.hea").write_text("r 1 250 3000\nr.dat 16 200(0)/mV 12 0 0 0 0 MLII\n# 51 F\n")
    (folder / "r.atr").write_bytes(encoded([(0, 22, "## time resolution: 250"), (40, 28, "(N"), *BEATS]))
    edf = edfio.Edf(
        [edfio.EdfSignal(signal_, 250, label="ECG", physical_dimension="mV")],
        annotations=[edfio.EdfAnnotation(1, None, "Übung")],
    )
    edf.write(folder / "e.edf")
    rows = "".join(f"{i / 250:.3f};{x}\n" for i, x in enumerate(signal_))
    (folder / "c.csv").write_text("time;ecg [mV]\n" + rows)


BEATS = [(200 * i, 1, "") for i in range(1, 14)]

KINDS = {"r.hea": "r", "r.dat": "r", "r.atr": "r", "e.edf": "e.edf", "c.csv": "c.csv"}


def mutated(data, rng):
    """Change, insert, remove or repeat some bytes; of long files mostly in their first kilobyte."""
    data = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        at = int(rng.integers(min(len(data), 1000 if rng.random() < 0.8 else len(data)) or 1))
        what, some = rng.integers(5), bytes(rng.integers(256, size=int(rng.integers(1, 9))).tolist())
        if what == 0:
            data[at : at + 1] = some[:1]
        elif what == 1:
            data[at:at] = some
        elif what == 2:
            del data[at : at + len(some)]
        elif what == 3:
            data[at:at] = rng.choice([b"99999999", b"-1", b"\0\0", b",", b";", b"\n", b'"', b"nan", b"1e9"])
        else:
            del data[at:]
    return bytes(data)


@contextlib.contextmanager
def at_most(seconds):
    def too_long(*_):
        raise TimeoutError(f"{seconds} s")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("name", KINDS)
def test_a_changed_file_is_read_or_refused_in_one_line(tmp_path, name):
    write_files(tmp_path)
    good = (tmp_path / name).read_bytes()
    rng = np.random.default_rng(len(name) + 1000 * list(KINDS).index(name))
    refused = []
    for _ in range(100):
        (tmp_path / name).write_bytes(mutated(good, rng))
        settings = {"column": "2", "fs": 250.0} if name == "c.csv" else {}
        try:
            with at_most(LONGEST):
                ecg = open_ecg(tmp_path / KINDS[name], **settings)
                assert ecg.read(0, min(ecg.length, 5000)).dtype == np.float32
                if name == "r.atr":
                    read_annotations(ecg, "atr")
        except DataError as error:
            refused.append(str(error))
        except MemoryError:  # the process of a prediction ends in one line for it
            pass
    assert 0 < len(refused) < 100
    assert [line for line in refused if "\n" in line or not line.startswith(f"{tmp_path}/")] == []
