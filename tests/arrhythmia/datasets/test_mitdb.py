"""Against a real server on this machine that misbehaves in all the ways servers do."""

import hashlib
import logging
import os
import re
import threading
import time
from collections import defaultdict
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pooch
import pytest

from arrhythmia.aami import DS1, DS2, PACED
from arrhythmia.datasets import mitdb
from arrhythmia.datasets.mitdb import (
    CHUNK,
    FILE_SECONDS,
    MIN_RATE,
    MITDB_MANIFEST,
    WINDOW,
    Pinned,
    fetch,
    read_manifest,
)
from arrhythmia.errors import DataError
from tests.processes import PATIENCE

DATA = {f"{number}.dat": bytes([number]) * 200_000 for number in range(6)}
PINNED = {name: Pinned(hashlib.sha256(data).hexdigest(), len(data)) for name, data in DATA.items()}
NAME = "3.dat"
SIZE = len(DATA[NAME])


class Handler(BaseHTTPRequestHandler):
    """Serves `DATA`; `server.script[name]` has the behaviours (with argument) to play first, one a GET."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        name = self.path.rsplit("/", 1)[1]
        self.server.paths.append(self.path)
        self.server.headers.append(dict(self.headers))
        script = self.server.script[name]
        behaviour, *arguments = script.pop(0) if script else ("serve",)
        with suppress(ConnectionError):
            getattr(self, behaviour)(DATA[name], *arguments)

    def answer(self, status, body=b"", length=None, **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def serve(self, data):
        self.answer(200, data)

    def cut(self, data, stop):
        self.answer(200, data[:stop], length=len(data))
        self.close_connection = True

    def cut_without_a_length(self, data, stop):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(data[:stop])
        self.close_connection = True

    def status(self, data, code, **headers):
        self.answer(code, **headers)

    def busy(self, data, seconds):
        self.answer(429, Retry_After=str(seconds))

    def wrong_byte(self, data):
        self.answer(200, b"x" + data[1:])

    def one_byte_more(self, data):
        self.answer(200, data + b"x")

    def html(self, data, length):
        self.answer(200, b"<html>".ljust(length), Content_Type="text/html")

    def redirect(self, data, where):
        self.answer(302, Location=where)

    def endless(self, data, status=200):
        """Send as fast as the other side takes it, and count."""
        self.send_response(status)
        self.send_header("Location", "/elsewhere/" + NAME)
        self.end_headers()
        self.close_connection = True
        while not self.server.stopped.is_set():
            self.server.sent += self.wfile.write(bytes(CHUNK))

    def drip(self, data, head):
        """Send the bytes `head`, then one byte again and again, never for long without one."""
        self.wfile.write(head)
        self.close_connection = True
        while not self.server.stopped.wait(0.05):
            self.wfile.write(data[:1])

    def slow(self, data):
        """Send faster than the least rate, but for longer than the limit."""
        self.answer(200, length=len(data))
        while not self.server.stopped.wait(0.05):
            self.wfile.write(data[:500])

    def hang(self, data, sent):
        """Promise all, send `sent` bytes (None: not even headers), then nothing."""
        if sent is not None:
            self.answer(200, data[:sent], length=len(data))
        self.server.stopped.wait()
        self.close_connection = True

    def meet(self, data):
        """Answer when as many requests are there as `server.meeting` waits for."""
        with suppress(threading.BrokenBarrierError):
            self.server.meeting.wait(PATIENCE)
        self.answer(200, data)


@pytest.fixture
def serve():
    """Return a function that starts a server."""
    servers = []

    def start():
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads, server.block_on_close = True, False
        server.paths, server.headers, server.sent = [], [], 0
        server.script, server.stopped = defaultdict(list), threading.Event()
        server.url = f"http://127.0.0.1:{server.server_port}/"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stopped.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def server(serve):
    return serve()


@pytest.fixture
def mirror(tmp_path):
    folder = tmp_path / "mirror"
    folder.mkdir()
    for name, data in DATA.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture(autouse=True)
def pauses(monkeypatch, request):
    """List pooch's pauses in place of making them; and give up soon on a server that falls silent.

    Where none does, wait long: on a busy machine any server takes a while.
    """
    pauses = []
    monkeypatch.setattr("pooch.core.time", SimpleNamespace(sleep=pauses.append))
    callspec = getattr(request.node, "callspec", None)
    silent = callspec is not None and "hang" in callspec.params.get("play", ())
    monkeypatch.setattr(mitdb, "WINDOW", 1 if silent else 30)
    return pauses


@pytest.fixture
def short_window(monkeypatch):
    """For a test of a slow server: find it slow after a second."""
    monkeypatch.setattr(mitdb, "WINDOW", 1)


def one(folder, *servers):
    """Fetch `NAME` alone from the servers (or other sources)."""
    sources = [getattr(source, "url", str(source)) for source in servers]
    fetch({NAME: PINNED[NAME]}, folder, sources=sources)


def is_complete(folder, names=(NAME,)):
    """Whether the folder holds these files with the right bytes, and nothing else."""
    return {path.name: path.read_bytes() for path in folder.iterdir()} == {name: DATA[name] for name in names}


def refused_url():
    """Return the URL of a port on which nobody listens."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as closed:
        return f"http://127.0.0.1:{closed.server_port}/"


def test_manifest_has_three_files_of_each_record():
    manifest = read_manifest(MITDB_MANIFEST)
    records = {*DS1, *DS2, *PACED}
    assert len(records) == 48
    assert set(manifest) == {f"{record}.{kind}" for record in records for kind in ("atr", "dat", "hea")}
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest, _ in manifest.values())
    assert list(manifest) == sorted(manifest)
    assert sum(size for _, size in manifest.values()) == 93_857_066


def test_limits_suit_the_files():
    largest = max(size for _, size in read_manifest(MITDB_MANIFEST).values())
    assert MIN_RATE < largest / FILE_SECONDS < 4_000  # bytes/s, for slow lines
    assert WINDOW < FILE_SECONDS / 10


def test_fetches_all_files_once(server, out):
    fetch(PINNED, out, sources=[server.url])
    fetch(PINNED, out, sources=[server.url])
    assert is_complete(out, DATA)
    assert sorted(server.paths) == [f"/{name}" for name in DATA]


def test_fetches_again_a_file_that_was_damaged(server, out):
    out.mkdir()
    (out / NAME).write_bytes(DATA[NAME][:-1] + b"x")
    one(out, server)
    assert is_complete(out)


def test_what_a_killed_run_left_is_removed(server, out):
    out.mkdir()
    (out / NAME).write_bytes(DATA[NAME])
    (out / "tmpkilled").write_bytes(b"half")
    one(out, server)
    assert is_complete(out)
    assert server.paths == []


@pytest.mark.parametrize("base", ["mitdb/1.0.0", "mitdb/1.0.0/"])
def test_base_url_with_and_without_the_last_slash(server, out, base):
    one(out, server.url + base)
    assert is_complete(out)
    assert server.paths == [f"/mitdb/1.0.0/{NAME}"]


def test_several_files_at_once(server, out):
    server.meeting = threading.Barrier(4)
    server.script |= {name: [("meet",)] for name in list(DATA)[:4]}
    fetch(PINNED, out, sources=[server.url])
    assert is_complete(out, DATA)
    assert not server.meeting.broken


def test_asks_for_uncompressed_bytes(server, out):
    one(out, server)
    assert server.headers[0]["Accept-Encoding"] == "identity"


def test_files_have_the_usual_mode(server, out):
    one(out, server)
    (out.parent / "usual").touch()
    assert (out / NAME).stat().st_mode == (out.parent / "usual").stat().st_mode


PASSING = [("status", code) for code in mitdb.BUSY] + [
    ("cut", 50_000),
    ("cut", 0),
    ("cut_without_a_length", 50_000),
    ("hang", 10_000),
    ("wrong_byte",),
]


@pytest.mark.parametrize("play", PASSING)
def test_tries_once_more_what_may_pass(server, out, pauses, play):
    server.script[NAME] = [play]
    one(out, server)
    assert is_complete(out)
    assert (len(server.paths), len(pauses)) == (2, 1)


@pytest.mark.parametrize("play", PASSING)
def test_turns_to_the_next_mirror_when_it_does_not_pass(serve, out, capsys, play):
    first, second = serve(), serve()
    first.script[NAME] = [play] * 9
    one(out, first, second)
    assert is_complete(out)
    assert (len(first.paths), len(second.paths)) == (2, 1)
    assert re.fullmatch(rf"{NAME} not from {first.url}: .*\n", capsys.readouterr().err)


LASTING = {
    ("status", 403): "answers HTTP 403",
    ("status", 404): "answers HTTP 404",
    ("status", 416): "answers HTTP 416",
    ("html", 300_000): f"sends more than {SIZE} bytes",
    ("one_byte_more",): f"sends more than {SIZE} bytes",
    ("redirect", f"/{NAME}"): "TooManyRedirects after 0 of",
    ("redirect", "http://[bad/"): "after 0 of",
    ("redirect", "file:///etc/passwd"): "InvalidSchema after 0 of",
    ("busy", 86400): "answers HTTP 429, Retry-After of more than 60 s",
    ("hang", None): f"slower than 1000 bytes/s for 1 s, 0 of {SIZE} bytes so far",
}


@pytest.mark.parametrize("play", LASTING)
def test_turns_at_once_to_the_next_mirror(serve, out, capsys, pauses, play):
    first, second = serve(), serve()
    first.script[NAME] = [play] * 99
    one(out, first, second)
    assert is_complete(out)
    assert pauses == []
    assert f"{NAME} not from {first.url}: " in capsys.readouterr().err


@pytest.mark.parametrize("play", LASTING)
def test_says_what_is_wrong_and_leaves_nothing(server, out, play):
    server.script[NAME] = [play] * 99
    with pytest.raises(DataError, match=re.escape(f"{NAME} cannot be had ({server.url}: ")) as caught:
        one(out, server)
    assert LASTING[play] in str(caught.value)
    assert "\n" not in str(caught.value)
    assert list(out.iterdir()) == []


def test_wrong_bytes_and_a_page_shorter_than_the_file(serve, out):
    first, second = serve(), serve()
    first.script[NAME], second.script[NAME] = [("wrong_byte",)] * 2, [("html", 500)] * 2
    with pytest.raises(DataError) as caught:
        one(out, first, second)
    assert str(caught.value) == (
        f"{NAME} cannot be had ({first.url}: wrong bytes, SHA-256 is not {PINNED[NAME].digest}; "
        f"{second.url}: sent 500 of 200000 bytes)"
    )
    assert list(out.iterdir()) == []


def test_follows_a_redirect(serve, out):
    first, second = serve(), serve()
    first.script[NAME] = [("redirect", f"{second.url}{NAME}")]
    one(out, first)
    assert is_complete(out)


def test_waits_as_long_as_the_server_asks(server, out):
    server.script[NAME] = [("busy", 1)]
    started = time.monotonic()
    one(out, server)
    assert is_complete(out)
    assert time.monotonic() - started >= 1


def most_on_disk(folder, done):
    """Return the most bytes that were in a folder at a time, until `done` is set."""
    most = 0
    while not done.wait(0.002):
        with suppress(FileNotFoundError):
            most = max(most, sum(path.stat().st_size for path in folder.glob("*")))
    return most


def test_endless_answer_is_stopped_one_chunk_after_the_size(serve, out):
    first, second = serve(), serve()
    first.script[NAME] = [("endless",)] * 9
    received, done, most = [], threading.Event(), []
    watch = threading.Thread(target=lambda: most.append(most_on_disk(out, done)))
    watch.start()
    original = mitdb.Mirror.chunks

    def counted(mirror, url):
        for chunk in original(mirror, url):
            received.append(len(chunk))
            yield chunk

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mitdb.Mirror, "chunks", counted)
        with pytest.raises(DataError, match=f"sends more than {SIZE} bytes"):
            one(out, first)
    done.set()
    watch.join()
    assert SIZE < sum(received) <= SIZE + CHUNK
    assert most[0] <= SIZE + CHUNK
    assert len(first.paths) == 1
    one(out, first, second)
    assert is_complete(out)


def test_body_of_a_redirect_is_not_read(server, out):
    server.script[NAME] = [("endless", 302)]
    one(out, server)
    assert is_complete(out)
    assert server.sent < 32e6  # what fits between two sockets, no more


BEGUN = b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n"


@pytest.mark.usefixtures("short_window")
@pytest.mark.parametrize("head", [BEGUN, BEGUN + b"\r\n", BEGUN + b"\r\n" + bytes(50_000)])
def test_drip_is_given_up(serve, out, head):
    first, second = serve(), serve()
    first.script[NAME] = [("drip", head)] * 9
    started = time.monotonic()
    one(out, first, second)
    assert is_complete(out)
    assert time.monotonic() - started < PATIENCE  # to the last byte it would drip for hours
    with pytest.raises(DataError, match=rf"slower than 1000 bytes/s for 1 s, \d+ of {SIZE} bytes so far"):
        one(out / "other", first)
    assert list((out / "other").iterdir()) == []


@pytest.mark.usefixtures("short_window")
def test_file_that_takes_too_long_is_given_up(serve, out, monkeypatch):
    monkeypatch.setattr(mitdb, "FILE_SECONDS", 0.5)
    first, second = serve(), serve()
    first.script[NAME] = [("slow",)] * 9
    with pytest.raises(DataError, match=rf"not done in 0.5 s, \d+ of {SIZE} bytes so far"):
        one(out, first)
    one(out, first, second)
    assert is_complete(out)


@pytest.mark.usefixtures("short_window")
def test_finds_out_quickly_that_nobody_answers(out, monkeypatch):
    with pytest.raises(DataError, match="ConnectionError after 0 of"):
        one(out, refused_url())
    over = threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *args: over.wait(10 * PATIENCE))
    started = time.monotonic()
    with pytest.raises(DataError, match="slower than"):
        one(out, "http://localhost:9/")
    assert time.monotonic() - started < PATIENCE
    over.set()


@pytest.mark.parametrize("play", [("wrong_byte",), ("cut", 50_000), ("status", 404)])
def test_one_wrong_file_does_not_condemn_a_mirror(serve, out, monkeypatch, play):
    first, second = serve(), serve()
    monkeypatch.setattr(mitdb, "THREADS", 1)
    first.script[NAME] = [play] * 2
    fetch(PINNED, out, sources=[first.url, second.url])
    assert is_complete(out, DATA)
    assert second.paths == [f"/{NAME}"]


@pytest.mark.parametrize("play", [("status", 500), ("hang", 10), ("busy", 86400)])
def test_a_failing_mirror_is_left_alone_afterwards(serve, out, capsys, monkeypatch, play):
    first, second = serve(), serve()
    monkeypatch.setattr(mitdb, "THREADS", 1)
    first.script |= {name: [play] * 9 for name in DATA}
    fetch(PINNED, out, sources=[first.url, second.url])
    assert is_complete(out, DATA)
    assert set(first.paths) == {"/0.dat"}
    assert capsys.readouterr().err.count("not from") == 1


@pytest.mark.usefixtures("short_window")
def test_error_names_the_file_after_which_a_mirror_was_left_alone(serve, out, monkeypatch):
    first, second = serve(), serve()
    monkeypatch.setattr(mitdb, "THREADS", 1)
    first.script["0.dat"] = [("hang", 10)] * 2
    second.script["1.dat"] = [("status", 404)]
    with pytest.raises(
        DataError, match=r"1\.dat cannot be had \(http\S+ left alone after 0\.dat: slower than"
    ):
        fetch(PINNED, out, sources=[first.url, second.url])


def test_mirror_directory_is_copied(mirror, out):
    fetch(PINNED, out, sources=[str(mirror)])
    assert is_complete(out, DATA)
    assert not any(path.is_symlink() or path.stat().st_nlink > 1 for path in out.iterdir())


@pytest.mark.parametrize("wrong", [b"wrong", DATA["1.dat"] + b"x", DATA["1.dat"][:-1] + b"x"])
def test_mirror_directory_that_lacks_a_file_or_holds_a_wrong_one(mirror, server, out, capsys, wrong):
    (mirror / "0.dat").unlink()
    (mirror / "1.dat").write_bytes(wrong)
    fetch(PINNED, out, sources=[str(mirror), server.url])
    assert is_complete(out, DATA)
    assert sorted(server.paths) == ["/0.dat", "/1.dat"]
    assert f"not from {mirror}: " in capsys.readouterr().err


def test_error_says_what_is_wrong_with_each_source(mirror, server, out, tmp_path):
    (mirror / NAME).unlink()
    server.script[NAME] = [("status", 404)]
    with pytest.raises(DataError) as caught:
        one(out, tmp_path / "gone", mirror, server)
    assert str(caught.value) == (
        f"{NAME} cannot be had ({tmp_path}/gone: no such directory; {mirror}: the file is not there; "
        f"{server.url}: answers HTTP 404)"
    )


@pytest.mark.parametrize("credentials", ["me:se%40cret", "me:s@ecret"])
def test_credentials_are_used_but_never_shown(server, out, capfd, credentials):
    pooch.get_logger().setLevel("DEBUG")
    pooch.get_logger().addHandler(logging.StreamHandler())  # to what is stderr during this test
    url = server.url.replace("//", f"//{credentials}@")
    one(out, url)
    assert server.headers[0]["Authorization"].startswith("Basic ")
    server.script["0.dat"] = [("status", 404)]
    with pytest.raises(DataError) as caught:
        fetch({"0.dat": PINNED["0.dat"]}, out, sources=[url, f"http://{credentials}@[bad/?key=ecret"])
    shown = str(caught.value) + "".join(capfd.readouterr())
    assert server.url in shown
    assert "ecret" not in shown
    assert "me:" not in shown


def test_progress_counts_every_file_once(server, mirror, out, capsys, monkeypatch):
    server.script[NAME] = [("cut", 50_000)]
    out.mkdir()
    (out / "0.dat").write_bytes(DATA["0.dat"])
    (mirror / NAME).unlink()
    monkeypatch.setattr("arrhythmia.utils.progress.FIRST", 0)
    monkeypatch.setattr("arrhythmia.utils.progress.PAUSE", 0)
    fetch(PINNED, out, sources=[str(mirror), server.url])
    counted = re.findall(r"recordings: (\d+) of (\d+) files  about .* left", capsys.readouterr().out)
    assert counted == [(str(done), str(len(DATA))) for done in range(2, len(DATA))]


def test_nothing_half_written_has_the_name_of_the_file(server, out, monkeypatch):
    def full(path, data):
        with path.open("wb") as file:
            file.write(data[:9])
        assert path.name != NAME
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(
        DataError, match=rf"{out}: cannot be written \(.*No space left on device\); make room"
    ):
        one(out, server)
    assert list(out.iterdir()) == []


@pytest.mark.skipif("MITDB_MIRROR" not in os.environ, reason="MITDB_MIRROR is not set")
def test_manifest_of_the_real_files(out, monkeypatch):
    monkeypatch.setattr(mitdb, "WINDOW", 10)
    fetch(read_manifest(MITDB_MANIFEST), out, sources=[os.environ["MITDB_MIRROR"]])
    assert len(list(out.iterdir())) == 144
