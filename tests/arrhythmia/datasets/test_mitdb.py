"""Against a real server on this machine that misbehaves in all the ways servers do."""

import hashlib
import io
import os
import re
import threading
import time
from collections import defaultdict
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from urllib3.util import Retry

from arrhythmia.aami import MITDB_RECORDS
from arrhythmia.datasets import mitdb
from arrhythmia.datasets.mitdb import MITDB_CHECKSUMS, RETRY, fetch, read_checksums
from arrhythmia.errors import DataError

DATA = {f"{number}.dat": bytes([number]) * 200_000 for number in range(6)}
CHECKSUMS = {name: hashlib.sha256(data).hexdigest() for name, data in DATA.items()}
NAME = "3.dat"
PART = f"{CHECKSUMS[NAME]}.part"

fetch_here = partial(fetch, timeout=(1, 0.3), patience=0.5, retry=RETRY.new(backoff_factor=0.001))


class Handler(BaseHTTPRequestHandler):
    """Serves `DATA`; `server.script[path]` is a list of (behaviour, argument) to play first, one a GET."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_HEAD(self):
        self.server.knocks += 1
        if self.server.mute:
            self.server.stopped.wait()
        self.answer(200, b"")

    def do_GET(self):
        name, span = self.path.rsplit("/", 1)[1], self.headers.get("Range")
        self.server.paths.append(self.path)
        self.server.requests.append((name, span))
        self.server.headers.append(dict(self.headers))
        script = self.server.script[name]
        behaviour, argument = script.pop(0) if script else ("serve", None)
        getattr(self, behaviour)(DATA.get(name), span, argument)

    def answer(self, status, body, length=None, **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def serve(self, data, span, stop):
        """Answer in full or from the byte asked for; break off after `stop` bytes."""
        if data is None:
            return self.answer(404, b"")
        start = int(re.fullmatch(r"bytes=(\d+)-", span)[1]) if span else 0
        if start >= len(data):
            return self.answer(416, b"")
        where = {"Content_Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if span else {}
        self.answer(206 if span else 200, data[start:][:stop], length=len(data) - start, **where)
        if stop is not None:
            self.close_connection = True

    def status(self, data, span, code, **headers):
        self.answer(code, b"", **headers)

    def busy_for(self, data, span, seconds):
        self.status(data, span, 503, Retry_After=str(seconds))

    def ignore_range(self, data, span, argument):
        self.serve(data, None, None)

    def wrong_byte(self, data, span, stop):
        self.serve(b"x" + data[1:], span, stop)

    def meet(self, data, span, argument):
        """Answer when as many requests are there as `server.meeting` waits for."""
        with suppress(threading.BrokenBarrierError):
            self.server.meeting.wait(0.2)
        self.serve(data, span, None)

    def hang(self, data, span, sent):
        """Promise all, send `sent` bytes (None: not even headers), then nothing."""
        if sent is not None:
            self.answer(200, data[:sent], length=len(data))
        self.server.stopped.wait(2)
        self.close_connection = True


@pytest.fixture
def serve():
    """Return a function that starts a server; keyword `mute`: it takes connections and says nothing."""
    servers = []

    def start(mute=False):
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads, server.block_on_close, server.mute = True, False, mute
        server.knocks, server.requests, server.paths, server.headers = 0, [], [], []
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


def one(folder, *servers, **knobs):
    """Fetch `NAME` alone from the servers (or other sources)."""
    sources = [getattr(source, "url", str(source)) for source in servers]
    fetch_here({NAME: CHECKSUMS[NAME]}, folder, sources=sources, **knobs)


def is_complete(folder, names=(NAME,)):
    """Whether the folder holds these files with the right bytes, and nothing else."""
    return {path.name: path.read_bytes() for path in folder.iterdir()} == {name: DATA[name] for name in names}


def refused_url():
    """Return the URL of a port on which nobody listens."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as closed:
        return f"http://127.0.0.1:{closed.server_port}/"


def test_pinned_checksums_are_three_files_of_each_record():
    checksums = read_checksums(MITDB_CHECKSUMS)
    expected = {f"{record}.{kind}" for record in MITDB_RECORDS for kind in ("atr", "dat", "hea")}
    assert set(checksums) == expected
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in checksums.values())
    assert list(checksums) == sorted(checksums)


def test_fetches_all_files(server, tmp_path):
    fetch_here(CHECKSUMS, tmp_path, sources=[server.url])
    assert is_complete(tmp_path, DATA)
    assert sorted(server.requests) == [(name, None) for name in DATA]


def test_second_run_fetches_nothing(server, tmp_path):
    fetch_here(CHECKSUMS, tmp_path, sources=[server.url])
    fetch_here(CHECKSUMS, tmp_path, sources=[server.url])
    assert len(server.requests) == len(DATA)


def test_fetches_again_a_file_that_was_damaged(server, tmp_path):
    (tmp_path / NAME).write_bytes(DATA[NAME][:-1] + b"x")
    one(tmp_path, server)
    assert is_complete(tmp_path)


def test_part_of_a_complete_file_is_removed(server, tmp_path):
    (tmp_path / NAME).write_bytes(DATA[NAME])
    (tmp_path / PART).write_bytes(DATA[NAME][:9])
    one(tmp_path, server)
    assert is_complete(tmp_path)


@pytest.mark.parametrize("base", ["mitdb/1.0.0", "mitdb/1.0.0/"])
def test_base_url_with_and_without_the_last_slash(server, tmp_path, base):
    one(tmp_path, server.url + base)
    assert is_complete(tmp_path)
    assert server.paths == [f"/mitdb/1.0.0/{NAME}"]


def test_several_files_at_once(server, tmp_path):
    server.meeting = threading.Barrier(3)
    for name in DATA:
        server.script[name] = [("meet", None)]
    fetch_here(CHECKSUMS, tmp_path, sources=[server.url], threads=3)
    assert is_complete(tmp_path, DATA)
    assert not server.meeting.broken


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 504])
def test_asks_again_after_a_passing_error(server, tmp_path, code):
    server.script[NAME] = [("status", code)] * 2
    one(tmp_path, server)
    assert is_complete(tmp_path)
    assert len(server.requests) == 3


def test_waits_as_long_as_the_server_asks(server, tmp_path):
    server.script[NAME] = [("busy_for", 1)]
    started = time.monotonic()
    one(tmp_path, server)
    assert time.monotonic() - started >= 1


def test_waits_no_longer_than_a_minute_and_doubles_its_pauses():
    assert RETRY.parse_retry_after("86400") <= 60
    retry, pauses = RETRY, []
    for _ in range(RETRY.total):
        retry = retry.increment(error=OSError())
        pauses.append(retry.get_backoff_time())
    assert pauses == [0, 1, 2, 4]


def test_pauses_between_breaks_in_the_body(server, tmp_path, monkeypatch):
    server.script[NAME] = [("serve", 50_000)] * 3
    pauses = []
    monkeypatch.setattr(Retry, "_sleep_backoff", lambda retry: pauses.append(retry.get_backoff_time()))
    one(tmp_path, server, retry=RETRY)
    assert pauses == [0, 1, 2]


def test_goes_on_where_the_answer_broke_off(server, tmp_path):
    server.script[NAME] = [("serve", 50_000), ("serve", 70_000)]
    one(tmp_path, server)
    assert is_complete(tmp_path)
    assert server.requests == [(NAME, None), (NAME, "bytes=50000-"), (NAME, "bytes=120000-")]


def test_goes_on_where_an_earlier_run_broke_off(server, tmp_path):
    (tmp_path / PART).write_bytes(DATA[NAME][:1234])
    one(tmp_path, server)
    assert is_complete(tmp_path)
    assert server.requests == [(NAME, "bytes=1234-")]


def test_goes_on_at_another_mirror_where_the_first_broke_off(serve, tmp_path):
    first, second = serve(), serve()
    first.script[NAME] = [("serve", 50_000)] + [("status", 500)] * 9
    one(tmp_path, first, second)
    assert is_complete(tmp_path)
    assert second.requests == [(NAME, "bytes=50000-")]


def test_asks_for_uncompressed_bytes(server, tmp_path):
    one(tmp_path, server)
    assert server.headers[0]["Accept-Encoding"] == "identity"


def test_server_that_ignores_ranges(server, tmp_path):
    server.script[NAME] = [("serve", 50_000), ("ignore_range", None)]
    one(tmp_path, server)
    assert is_complete(tmp_path)
    assert server.requests[1] == (NAME, "bytes=50000-")


@pytest.mark.parametrize("length", [len(DATA[NAME]), len(DATA[NAME]) + 5])
def test_part_with_nothing_left_to_ask_for(server, tmp_path, length):
    (tmp_path / PART).write_bytes((DATA[NAME] + b"extra")[:length])
    one(tmp_path, server)
    assert is_complete(tmp_path)


def test_part_of_another_run_with_a_wrong_byte_is_fetched_anew(server, tmp_path):
    (tmp_path / PART).write_bytes(b"x" * 1000)
    one(tmp_path, server)
    assert is_complete(tmp_path)
    assert server.requests == [(NAME, "bytes=1000-"), (NAME, None)]


@pytest.mark.parametrize("sent", [None, 10_000])
def test_goes_on_after_silence(server, tmp_path, sent):
    server.script[NAME] = [("hang", sent)]
    one(tmp_path, server)
    assert is_complete(tmp_path)
    assert server.requests[1] == (NAME, f"bytes={sent}-" if sent else None)


def test_gives_up_a_server_that_breaks_off_again_and_again(server, tmp_path):
    server.script[NAME] = [("serve", 1000)] * 99
    with pytest.raises(DataError, match=re.escape(f"{NAME} cannot be had ({server.url}: keeps failing")):
        one(tmp_path, server)
    assert len(server.requests) == 1 + RETRY.total
    assert [path.name for path in tmp_path.iterdir()] == [PART]


@pytest.mark.parametrize(
    "play", [("status", 404), ("status", 403), ("status", 500), ("wrong_byte", None), ("serve", 10)]
)
def test_turns_to_the_next_mirror(serve, tmp_path, capsys, play):
    first, second = serve(), serve()
    first.script[NAME] = [play] * 99
    one(tmp_path, first, second)
    assert is_complete(tmp_path)
    assert f"{NAME} not from {first.url}: " in capsys.readouterr().err


def test_turns_to_the_next_mirror_when_nobody_answers(serve, tmp_path):
    deaf, second = serve(mute=True), serve()
    one(tmp_path, refused_url(), deaf, second)
    assert is_complete(tmp_path)
    assert deaf.requests == []


def test_one_wrong_file_does_not_condemn_a_mirror(serve, tmp_path):
    first, second = serve(), serve()
    first.script[NAME] = [("wrong_byte", None)]
    fetch_here(CHECKSUMS, tmp_path, sources=[first.url, second.url])
    assert is_complete(tmp_path, DATA)
    assert second.requests == [(NAME, None)]


def test_a_failing_mirror_is_left_alone_afterwards(serve, tmp_path, capsys):
    first, second = serve(), serve()
    for name in DATA:
        first.script[name] = [("status", 500)] * 99
    fetch_here(CHECKSUMS, tmp_path, sources=[first.url, second.url], threads=1)
    assert is_complete(tmp_path, DATA)
    assert {name for name, _ in first.requests} == {"0.dat"}
    assert capsys.readouterr().err.count("not from") == 1


def test_wrong_bytes_everywhere_leave_nothing_behind(server, tmp_path):
    server.script[NAME] = [("wrong_byte", None)] * 9
    with pytest.raises(DataError, match="wrong bytes"):
        one(tmp_path, server)
    assert list(tmp_path.iterdir()) == []
    assert len(server.requests) == 1


def test_finds_out_quickly_that_nobody_answers(serve, tmp_path):
    checksums = {f"{number}.dat": "0" * 64 for number in range(100)}
    deaf = serve(mute=True)
    started = time.monotonic()
    with pytest.raises(DataError, match=r"NewConnectionError\).*Timeout\)"):
        fetch_here(checksums, tmp_path, sources=[refused_url(), deaf.url])
    assert time.monotonic() - started < 2
    assert deaf.knocks <= 4


def test_slow_name_lookup_is_not_waited_for(tmp_path, monkeypatch):
    over = threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *args: over.wait(20))
    started = time.monotonic()
    with pytest.raises(DataError, match="Timeout"):
        one(tmp_path, "http://localhost:9/")
    assert time.monotonic() - started < 2
    over.set()


def test_mirror_directory(mirror, tmp_path):
    fetch_here(CHECKSUMS, tmp_path / "out", sources=[str(mirror)])
    assert is_complete(tmp_path / "out", DATA)


def test_mirror_directory_that_lacks_a_file_or_holds_a_wrong_one(mirror, server, tmp_path, capsys):
    (mirror / "0.dat").unlink()
    (mirror / "1.dat").write_bytes(b"wrong")
    fetch_here(CHECKSUMS, tmp_path / "out", sources=[str(mirror), server.url])
    assert is_complete(tmp_path / "out", DATA)
    assert sorted(server.requests) == [("0.dat", None), ("1.dat", None)]
    assert f"not from {mirror}: " in capsys.readouterr().err


def test_error_says_what_is_wrong_with_each_source(mirror, server, tmp_path):
    (mirror / NAME).unlink()
    server.script[NAME] = [("status", 404)]
    with pytest.raises(DataError) as caught:
        one(tmp_path / "out", tmp_path / "gone", mirror, server)
    assert str(caught.value) == (
        f"{NAME} cannot be had ({tmp_path}/gone: no such directory; {mirror}: the file is not there; "
        f"{server.url}: answers 404 Not Found)"
    )


@pytest.mark.parametrize("credentials", ["me:se%40cret", "me:s@ecret"])
def test_credentials_are_used_but_never_shown(server, tmp_path, capsys, credentials):
    url = server.url.replace("//", f"//{credentials}@")
    one(tmp_path, url)
    assert server.headers[0]["Authorization"].startswith("Basic ")
    server.script["0.dat"] = [("status", 404)]
    with pytest.raises(DataError) as caught:
        fetch_here(
            {"0.dat": CHECKSUMS["0.dat"]}, tmp_path, sources=[url, f"http://{credentials}@[bad/?key=ecret"]
        )
    shown = str(caught.value) + "".join(capsys.readouterr())
    assert server.url in shown
    assert "ecret" not in shown
    assert "me:" not in shown


@pytest.mark.parametrize("behaviour", ["serve", "ignore_range", "wrong_byte"])
def test_bar_ends_at_the_number_of_bytes(serve, mirror, tmp_path, monkeypatch, behaviour):
    first, second = serve(), serve()
    first.script[NAME] = [("serve", 50_000), (behaviour, None)]
    (tmp_path / "0.dat").write_bytes(DATA["0.dat"])
    (tmp_path / f"{CHECKSUMS['1.dat']}.part").write_bytes(DATA["1.dat"][:999])
    (mirror / NAME).unlink()
    bars = []

    class Bar(mitdb.tqdm):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **(kwargs | {"disable": False, "file": io.StringIO()}))
            bars.append(self)

    monkeypatch.setattr(mitdb, "tqdm", Bar)
    size = sum(map(len, DATA.values()))
    fetch_here(CHECKSUMS, tmp_path, sources=[str(mirror), first.url, second.url], size=size)
    assert [(bar.n, bar.total, bar.unit) for bar in bars] == [(size, size, "B")]


def test_errors_of_the_disk_are_not_blamed_on_the_mirrors(mirror, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(OSError, match="No space left"):
        one(tmp_path / "out", mirror)


@pytest.mark.skipif("MITDB_MIRROR" not in os.environ, reason="MITDB_MIRROR is not set")
def test_pinned_checksums_and_size_of_the_real_files(tmp_path):
    from stages.download import MITDB_BYTES

    fetch_here(read_checksums(MITDB_CHECKSUMS), tmp_path, sources=[os.environ["MITDB_MIRROR"]])
    sizes = [path.stat().st_size for path in Path(tmp_path).iterdir()]
    assert len(sizes) == 144
    assert sum(sizes) == MITDB_BYTES
