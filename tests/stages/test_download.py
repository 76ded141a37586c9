import hashlib
import os
import re
import signal
import sys
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from arrhythmia.aami import DS1, DS2, PACED, SYNTHETIC_RECORDS
from arrhythmia.errors import DataError
from stages import download
from tests.params import KAGGLE, write_params
from tests.processes import PATIENCE, running, wait_until

ROOT = Path(download.__file__).parents[1]
FILES = {"100.dat": b"signal", "100.hea": b"header", "100.atr": b"annotations"}
ROW = ",".join(["0.5"] * 187 + ["4.0"]) + "\n"
NOBODY = "http://127.0.0.1:1/"  # a port that needs root, and that nobody uses


@pytest.fixture
def project(tmp_path, monkeypatch):
    """An empty project with a small manifest, no public mirror and `configure(source, ...)`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MITDB_MIRROR", raising=False)
    monkeypatch.setattr(download, "MITDB_MIRRORS", (NOBODY,))
    pinned = tmp_path / "pinned"
    pinned.write_text(
        "".join(f"{hashlib.sha256(data).hexdigest()} {len(data)} {name}\n" for name, data in FILES.items())
    )
    monkeypatch.setattr(download, "MITDB_MANIFEST", pinned)
    configure(tmp_path, "physionet")
    return tmp_path


def configure(folder, source, kaggle_dir=""):
    settings = {"source": source, "kaggle_dir": str(kaggle_dir)}
    more = KAGGLE if source == "kaggle" else {}
    write_params(folder / "params.yaml", download=settings, synthetic={"seconds": 60}, **more)


@pytest.fixture
def mirror(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mirror")
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def serve():
    """Return a function that serves with a handler and returns the base URL."""
    servers = []

    def start(handler):
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads, server.block_on_close = True, False
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_mirror_directory(project, mirror, monkeypatch, capsys):
    monkeypatch.setenv("MITDB_MIRROR", str(mirror))
    download.main()
    assert contents(project / "data/raw") == FILES
    assert names(project / "data") == {"raw"}
    assert capsys.readouterr().out.endswith("data/raw: 3 files, 0.0 MB, source physionet\n")


def test_mirror_url_comes_before_the_public_ones(project, mirror, serve, monkeypatch):
    monkeypatch.setattr(download, "MITDB_MIRRORS", ())
    monkeypatch.setenv("MITDB_MIRROR", serve(partial(Quiet, directory=mirror)))
    download.main()
    assert contents(project / "data/raw") == FILES


def test_public_mirrors_help_out(project, mirror, serve, tmp_path_factory, monkeypatch, capsys):
    monkeypatch.setattr(download, "MITDB_MIRRORS", (NOBODY, serve(partial(Quiet, directory=mirror))))
    monkeypatch.setenv("MITDB_MIRROR", "no/such/folder")
    download.main()
    assert contents(project / "data/raw") == FILES
    assert "not from no/such/folder: no such directory" in capsys.readouterr().err


def test_public_mirrors_are_physionet_and_its_cloud_mirror():
    assert [url.split("/")[2] for url in download.MITDB_MIRRORS] == [
        "physionet.org",
        "physionet-open.s3.amazonaws.com",
    ]
    assert all(url.startswith("https://") for url in download.MITDB_MIRRORS)


def test_run_again_by_hand_fetches_nothing(project, mirror, monkeypatch):
    monkeypatch.setenv("MITDB_MIRROR", str(mirror))
    download.main()
    monkeypatch.delenv("MITDB_MIRROR")
    download.main()
    assert contents(project / "data/raw") == FILES


def test_files_of_another_source_do_not_stay(project, mirror, monkeypatch):
    (project / "data/raw").mkdir(parents=True)
    (project / "data/raw/s01.dat").write_bytes(b"")
    monkeypatch.setenv("MITDB_MIRROR", str(mirror))
    download.main()
    assert contents(project / "data/raw") == FILES


def test_link_to_data_is_replaced_not_emptied(project, mirror, monkeypatch):
    (project / "data").mkdir()
    (project / "data/raw").symlink_to(mirror)
    configure(project, "synthetic")
    download.main()
    assert contents(mirror) == FILES
    assert not (project / "data/raw").is_symlink()


@pytest.mark.parametrize("source", [None, "gone"])
def test_nothing_reachable_names_three_ways_on(project, monkeypatch, source):
    if source:
        monkeypatch.setenv("MITDB_MIRROR", source)
    with pytest.raises(DataError) as caught:
        download.main()
    message = str(caught.value)
    assert "\n" not in message
    for part in ("MITDB_MIRROR", "network", "`dvc exp run -S download.source=synthetic`", NOBODY):
        assert part in message
    assert ("gone: no such directory" in message) == (source is not None)
    assert not (project / "data/raw").exists()


def test_incomplete_mirror_leaves_no_raw_data_and_the_next_run_goes_on(project, mirror, monkeypatch):
    (mirror / "100.hea").unlink()
    monkeypatch.setenv("MITDB_MIRROR", str(mirror))
    monkeypatch.setattr("arrhythmia.datasets.mitdb.THREADS", 1)  # 100.dat is whole before 100.hea is missed
    with pytest.raises(DataError, match=r"100\.hea cannot be had .*the file is not there"):
        download.main()
    assert not (project / "data/raw").exists()
    (mirror / "100.dat").unlink()
    (mirror / "100.hea").write_bytes(FILES["100.hea"])
    download.main()
    assert contents(project / "data/raw") == FILES
    assert names(project / "data") == {"raw"}


def test_synthetic_recordings(project):
    configure(project, "synthetic")
    download.main()
    first = contents(project / "data/raw")
    expected = {f"{name}.{kind}" for name in SYNTHETIC_RECORDS for kind in ("atr", "dat", "hea")}
    assert set(first) == expected | {"RECORDS"}
    (project / "data/.download/synthetic").mkdir(parents=True)
    (project / "data/.download/synthetic/killed.tmp").write_bytes(b"")
    download.main()
    assert contents(project / "data/raw") == first


def kaggle_folder(folder, monkeypatch, train=2, test=1):
    monkeypatch.setattr(
        "arrhythmia.datasets.kaggle.PUBLISHED_ROWS", {"mitbih_train.csv": 2, "mitbih_test.csv": 1}
    )
    folder.mkdir()
    (folder / "mitbih_train.csv").write_text(ROW * train)
    (folder / "mitbih_test.csv").write_text(ROW * test)
    return folder


def test_kaggle_files_of_a_folder(project, tmp_path, monkeypatch):
    folder = kaggle_folder(tmp_path / "kaggle", monkeypatch)
    (folder / "ptbdb_normal.csv").write_text("")
    configure(project, "kaggle", folder)
    download.main()
    assert contents(project / "data/raw") == {
        "mitbih_train.csv": ROW.encode() * 2,
        "mitbih_test.csv": ROW.encode(),
    }
    assert names(project / "data") == {"raw"}


def test_kaggle_file_that_is_too_short(project, tmp_path, monkeypatch):
    configure(project, "kaggle", kaggle_folder(tmp_path / "kaggle", monkeypatch, train=1))
    with pytest.raises(DataError, match=r"kaggle/mitbih_train\.csv: 1 rows, expected 2"):
        download.main()
    assert not (project / "data/raw").exists()


def test_kaggle_client(project, tmp_path, monkeypatch):
    files = kaggle_folder(tmp_path / "kaggle", monkeypatch)

    def fetch_with_client(folder):
        for path in files.iterdir():
            (folder / path.name).write_bytes(path.read_bytes())

    monkeypatch.setattr(download, "fetch_with_client", fetch_with_client)
    configure(project, "kaggle")
    download.main()
    assert contents(project / "data/raw") == contents(files)


WINDOW = 10 * PATIENCE
SMALL = f"""
import sys
from pathlib import Path
from arrhythmia.datasets import mitdb
from stages import download
from stages.run import run
download.MITDB_MANIFEST = Path("pinned")
mitdb.WINDOW = {WINDOW}  # so a mirror that hangs is not given up in the meantime
sys.argv = ["stages/download.py"]
run(download.main)
"""


def stage(folder, code=None, **env):
    """Start the stage as DVC does, or `code`; a proxy that is not there keeps it off the network."""
    proxies = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY"), NOBODY)
    clean = {
        key: value for key, value in os.environ.items() if key.upper() not in ("MITDB_MIRROR", "ALL_PROXY")
    }
    local = {"PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    words = ["-c", code] if code else ["-m", "stages.download"]
    return running([sys.executable, *words], cwd=folder, env=clean | proxies | local | env)


def test_command_ends_with_one_line_and_exit_code_1(tmp_path):
    configure(tmp_path, "physionet")
    with stage(tmp_path, MITDB_MIRROR="gone") as process:
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert out.startswith("Bring the recordings of download.source to data/raw")
    assert re.fullmatch(r"error: .*gone: no such directory.*physionet.*three ways on: .*\n", err)


class Hanging(Quiet):
    """Serves the files of a folder, but never the rest of 100.dat."""

    asked: ClassVar = []

    def do_GET(self):
        if self.path != "/100.dat":
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Length", str(len(FILES["100.dat"])))
        self.end_headers()
        self.wfile.write(FILES["100.dat"][:3])
        self.asked.append(self.path)
        time.sleep(10 * PATIENCE)


def test_interrupt_ends_at_once_and_keeps_whole_files(project, mirror, serve, monkeypatch):
    Hanging.asked.clear()
    unfinished = project / "data/.download/physionet"
    whole = {"100.hea", "100.atr"}
    with stage(project, code=SMALL, MITDB_MIRROR=serve(partial(Hanging, directory=mirror))) as process:
        wait_until(lambda: Hanging.asked and whole <= names(unfinished), "not at 100.dat")
        assert len(names(unfinished) - whole) == 1  # what pooch has begun
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (1, "interrupted\n")
    assert time.monotonic() - started < PATIENCE < WINDOW
    assert names(project / "data") == {".download"}
    assert contents(unfinished) == {name: FILES[name] for name in whole}
    for name in whole:
        (mirror / name).unlink()
    monkeypatch.setenv("MITDB_MIRROR", str(mirror))
    download.main()
    assert contents(project / "data/raw") == FILES


@pytest.mark.skipif("MITDB_MIRROR" not in os.environ, reason="MITDB_MIRROR is not set")
def test_real_recordings(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(download, "MITDB_MIRRORS", ())
    configure(tmp_path, "physionet")
    download.main()
    assert {path.stem for path in (tmp_path / "data/raw").iterdir()} == {*DS1, *DS2, *PACED}
    *_, last = capsys.readouterr().out.splitlines()  # before it comes how far it is, if it takes long
    assert last == "data/raw: 144 files, 93.9 MB, source physionet"
