"""A scheduler and workers of Dask on this machine; its own module, as it takes seconds to start them."""

import gc
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import warnings
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import wfdb

from arrhythmia.cli.cluster import code_and_models, lost_workers_noted, outcome_of, silent_dask
from arrhythmia.cli.predict import main
from arrhythmia.errors import DataError
from tests.buckets import KEYS, served
from tests.processes import PATIENCE, wait_until

pytest.importorskip("distributed")
s3fs = pytest.importorskip("s3fs")

ROOT = Path(__file__).parents[1]
SETTINGS = {
    "DASK_DISTRIBUTED__WORKER__DAEMON": "False",
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
}

# Given to each worker with --preload: what it does with recordings of certain names
PRELOAD = """
import os, pathlib, signal, threading
from arrhythmia.cli import cluster

if cluster.on_worker.__module__ == cluster.__name__:  # Dask may run this twice
    predicted = cluster.on_worker

def on_worker(work, digest, path, asked):
    tries = pathlib.Path(FOLDER, f"{path.stem}.tries")
    with tries.open("a") as file:
        file.write(f"{os.getpid()}\\n")
    if path.stem == "killer":
        os.kill(os.getpid(), signal.SIGKILL)
    if path.stem == "held" and len(tries.read_text().split()) == 1:
        threading.Event().wait()
    return predicted(work, digest, path, asked)

cluster.on_worker = on_worker
"""


@pytest.fixture(autouse=True)
def no_client_is_left():
    """Have a client that found no scheduler closed now: the collector does so at any time, and where another
    client is just beginning, which holds the lock that is needed for it, both would wait for ever.
    """
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what tests before have left behind is none of this one's
        gc.collect()


@contextmanager
def running(log, module, *words, cwd=ROOT, until):
    """Start a part of the cluster, wait until its log says so, yield the process and what was found."""
    command = [sys.executable, "-m", f"distributed.cli.{module}", "--no-dashboard", *words]
    with log.open("w") as file:
        process = subprocess.Popen(command, env=os.environ | SETTINGS, stdout=file, stderr=file, cwd=cwd)
    try:
        yield (
            process,
            wait_until(lambda: re.search(until, log.read_text()), f"no {until}", patience=PATIENCE).group(1),
        )
    finally:
        process.kill()
        process.wait()


def scheduler_in(folder):
    words = ("--host", "127.0.0.1", "--port", "0")
    return running(folder / "scheduler.log", "dask_scheduler", *words, until=r"Scheduler at: *(tcp\S+)")


def worker_in(folder, name, address, cwd=ROOT):
    (folder / "preload.py").write_text(PRELOAD.replace("FOLDER", repr(str(folder))))
    words = (address, "--nthreads", "1", "--no-nanny", "--preload", str(folder / "preload.py"))
    return running(folder / f"{name}.log", "dask_worker", *words, cwd=cwd, until=r"(Registered to)")


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory):
    with scheduler_in(tmp_path_factory.mktemp("scheduler")) as (process, address):
        yield process, address


@pytest.fixture(scope="module")
def storage():
    """Storage that speaks the protocol of S3, with the bucket `beats`, where the environment tells it."""
    with served("beats") as address, pytest.MonkeyPatch.context() as patch:
        for name, value in (KEYS | {"AWS_ENDPOINT_URL": address}).items():
            patch.setenv(name, value)
        yield s3fs.S3FileSystem()


@pytest.fixture
def workers(scheduler, tmp_path):
    """Two workers for one test, most of which end some."""
    with ExitStack() as stack:
        yield [stack.enter_context(worker_in(tmp_path, f"w{k}", scheduler[1]))[0] for k in range(2)]


def recordings(folder, *names):
    folder.mkdir()
    beat = np.exp(-0.5 * ((np.arange(300) - 150) / 6) ** 2)
    ecg = np.tile(beat, 40) + 0.05 * np.sin(np.arange(12000) / 99)
    for name in names:
        wfdb.wrsamp(name, 360, ["mV"], ["MLII"], ecg[:, None], fmt=["16"], write_dir=str(folder))
    return folder


def started(*words):
    command = [sys.executable, "-m", "arrhythmia", "predict", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)


def predict(*words):
    process = started(*words)
    try:
        output, errors = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    return process.returncode, output, errors


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def tries(folder, name):
    path = folder / f"{name}.tries"
    return [int(pid) for pid in path.read_text().split("\n")[:-1]] if path.exists() else []


def first_try(folder, name):
    """Wait until a worker has begun with a recording; return the process."""
    return wait_until(lambda: tries(folder, name), f"{name} was not begun", patience=PATIENCE)[0]


def test_a_killed_worker_changes_no_byte_and_going_on_does_only_what_is_not_whole(
    scheduler, storage, workers, tmp_path
):
    """Files and a bucket together; the results are in the bucket."""
    folder, there = recordings(tmp_path / "in", "a"), recordings(tmp_path / "there", "b", "held")
    (folder / "broken.hea").write_text("broken")
    for path in there.iterdir():
        storage.put_file(str(path), f"beats/in/{path.name}")
    words = (folder, "s3://beats/in", "--out", "s3://beats/out", "--scheduler", scheduler[1])
    process = started(*words, "--table", "s3://beats/table.csv")
    os.kill(first_try(tmp_path, "held"), signal.SIGKILL)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, errors
    assert len(errors.splitlines()) == 1, "of the broken one"
    table = tmp_path / "local.csv"
    assert predict(folder, there, "--out", tmp_path / "local", "--table", table)[0] == 1
    whole = files(tmp_path / "local")
    assert len(whole) == 12
    assert {key.split("/")[-1]: storage.cat_file(key) for key in storage.find("beats/out")} == whole
    assert storage.cat_file("beats/table.csv") == table.read_bytes()
    assert len(table.read_text().splitlines()) == 5

    storage.rm_file("beats/out/b.summary.json")
    before = [len(tries(tmp_path, name)) for name in ("a", "b", "held")]
    code, output, errors = predict(*words, "--resume")
    assert code == 1, errors
    assert "results in s3://beats/out: 2 of 4\n" in output
    after = [len(tries(tmp_path, name)) for name in ("a", "b", "held")]
    assert np.subtract(after, before).tolist() == [0, 1, 0]
    assert storage.cat_file("beats/out/b.summary.json") == whole["b.summary.json"]


def test_a_recording_that_ends_each_worker_is_set_aside_after_two_tries(scheduler, workers, tmp_path):
    folder = recordings(tmp_path / "in", "a", "killer")
    with worker_in(tmp_path, "w2", scheduler[1]):  # one is left
        code, _, errors = predict(folder, "--out", tmp_path / "out", "--scheduler", scheduler[1])
    assert code == 1
    assert len(set(tries(tmp_path, "killer"))) == len(tries(tmp_path, "killer")) == 2
    assert errors.splitlines() == [f"error: {folder}/killer.hea: ended the 2 workers that tried it"]
    assert len(files(tmp_path / "out")) == 4


def test_a_worker_with_other_code_is_refused_whenever_it_joins(scheduler, tmp_path):
    shutil.copytree(ROOT / "arrhythmia", tmp_path / "other" / "arrhythmia")
    (tmp_path / "other" / "arrhythmia" / "new.py").write_text("")
    folder = recordings(tmp_path / "in", "held")
    said = r".*tcp://\S+: has another version or other networks than here; .*\n"
    with worker_in(tmp_path, "w", scheduler[1]):
        words = (folder, "--out", tmp_path / "out", "--scheduler", scheduler[1])
        ran = started(*words)
        good = first_try(tmp_path, "held")
        with worker_in(tmp_path, "other", scheduler[1], cwd=tmp_path / "other"):
            os.kill(good, signal.SIGKILL)
            _, errors = ran.communicate(timeout=PATIENCE)
            assert ran.returncode != 0
            assert re.fullmatch(said, errors)
            code, _, errors = predict(*words)
            assert code != 0
            assert re.fullmatch(said, errors)
    assert not (tmp_path / "out").exists()


def test_a_worker_that_cannot_work_ends_the_run():
    """Such as one without this package: it would take one recording after the other."""
    error = ModuleNotFoundError("No module named 'arrhythmia'")
    with pytest.raises(DataError, match=r"^a worker cannot work .*arrhythmia.*--resume goes on"):
        outcome_of(Path("a.hea"), SimpleNamespace(exception=lambda: error))


def test_no_scheduler_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr("arrhythmia.cli.cluster.PATIENCE", 1)
    folder = recordings(tmp_path / "in", "a")
    with pytest.raises(DataError, match=r"^tcp://127.0.0.1:9: no Dask scheduler answers"):
        main([str(folder), "--out", str(tmp_path / "out"), "--scheduler", "tcp://127.0.0.1:9"])


@pytest.mark.parametrize("address", ["tls://127.0.0.1:9", "ucx://127.0.0.1:9"])
def test_an_address_that_dask_is_not_configured_for_is_one_line(tmp_path, monkeypatch, address):
    monkeypatch.setattr("arrhythmia.cli.cluster.PATIENCE", 1)
    folder = recordings(tmp_path / "in", "a")
    with pytest.raises(DataError, match=rf"^{address}: .*"):
        main([str(folder), "--out", str(tmp_path / "out"), "--scheduler", address])


def test_an_empty_address_is_wrong_usage(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--scheduler", ""])
    assert "argument --scheduler: invalid address value: ''" in capsys.readouterr().err


def test_where_nothing_is_left_no_scheduler_is_asked(tmp_path):
    folder, table = recordings(tmp_path / "in", "a"), tmp_path / "table.csv"
    words = [str(folder), "--out", str(tmp_path / "out")]
    assert main([*words, "--jobs", "1"]) == 0
    assert main([*words, "--resume", "--table", str(table), "--scheduler", "tcp://127.0.0.1:9"]) == 0
    assert len(table.read_text().splitlines()) == 2


def test_that_no_workers_are_left_is_said_once_each_time(monkeypatch, capsys):
    monkeypatch.setattr("arrhythmia.cli.cluster.PATIENCE", 0.01)
    seen = iter([{"w": 1}, {}, {}, {"w": 1}, {}])
    over = threading.Event()

    def nthreads():
        threads = next(seen, None)
        if threads is None:
            over.set()
            raise OSError("the scheduler has gone")
        return threads

    with lost_workers_noted(SimpleNamespace(nthreads=nthreads), "tcp://here:1"):
        assert over.wait(PATIENCE)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert set(said) == {
        "note: tcp://here:1: no workers are left; waiting for new ones (Ctrl-C ends, --resume goes on)"
    }


def test_networks_of_a_folder_count_with_the_rhythm_network_above(tmp_path):
    (tmp_path / "mine").mkdir()
    found = [code_and_models(tmp_path / "mine")]
    for name in ("mine/cnn.onnx", "mine/cnn.json", "rhythm.onnx"):
        (tmp_path / name).write_text("")
        found.append(code_and_models(tmp_path / "mine"))
    assert len(set(found)) == 4
    (tmp_path / "mine" / "cnn.md").write_text("not what is computed")
    assert code_and_models(tmp_path / "mine") == found[-1]


def test_dask_alone_is_silent(caplog):
    with silent_dask():
        logging.getLogger("distributed.core").critical("a traceback")
        logging.getLogger("another").warning("heard")
    assert [record.message for record in caplog.records] == ["heard"]


def test_a_scheduler_that_goes_away_is_one_line_and_what_is_done_stays(tmp_path):
    folder = recordings(tmp_path / "in", "a", "held")
    out = tmp_path / "out"
    with scheduler_in(tmp_path) as (process, address), worker_in(tmp_path, "w", address):
        ran = started(folder, "--out", out, "--scheduler", address)
        first_try(tmp_path, "held")
        process.kill()
        _, errors = ran.communicate(timeout=PATIENCE)
        assert ran.returncode != 0
        assert re.fullmatch(rf".*{address}: went away; what is written stays.*\n", errors)
        assert sorted(files(out)) == ["a.beats.csv", "a.minute.png", "a.pred", "a.summary.json"]
