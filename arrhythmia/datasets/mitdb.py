"""Fetching a pinned list of files, each from the first mirror that has the right bytes, several at once.

`pooch` keeps what is there and right, tries once more what broke off, compares the SHA-256 and moves a file
to its name when it is whole. Added here is what bounds a mirror: the pinned sizes, and a clock.
"""

import io
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import NamedTuple

import pooch
import requests
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from arrhythmia.errors import DataError
from arrhythmia.utils.progress import Progress

MITDB_MANIFEST = Path(__file__).with_name("mitdb.sha256")
"""SHA-256, bytes and name of the `.atr`, `.dat` and `.hea` files of the MIT-BIH Arrhythmia Database 1.0.0."""

MITDB_MIRRORS = (
    "https://physionet.org/files/mitdb/1.0.0/",
    "https://physionet-open.s3.amazonaws.com/mitdb/1.0.0/",
)
"""Where PhysioNet has them, in the order in which they are asked."""

THREADS = 4  # files at the same time: one connection alone seldom fills the line
CHUNK = 1 << 16  # bytes asked of a mirror at once, so the most that comes beyond the pinned size
WINDOW = 10  # s over which a rate is taken: bridges a change of network, and finds a dead mirror soon enough
MIN_RATE = 1_000  # bytes/s of one file in each window, as over an old modem; a mirror that stalls has less
FILE_SECONDS = 600  # s for one file of at most 2 MB; so all files take two hours at the most
LONGEST_PAUSE = 60  # s that `Retry-After` may ask for; beyond it another mirror is quicker
BUSY = (408, 429, 500, 502, 503, 504)  # statuses that may pass
MAX_REDIRECTS = 5  # of one request; more are a loop


class Pinned(NamedTuple):
    """What a file must be: its SHA-256 (hexadecimal) and its size in bytes."""

    digest: str
    size: int


class Refused(Exception):
    """A mirror does not give a file; the text says why, and names no credentials."""

    lasting = False  # whether the mirror is left alone from now on


class Broken(Refused, requests.RequestException):
    """A mirror failed in a way that may pass: after a RequestException pooch tries once more."""


def read_manifest(path: str | Path) -> dict[str, Pinned]:
    """Read lines of SHA-256, bytes and file name, as name to what is pinned of it."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return {name: Pinned(digest, int(size)) for digest, size, name in map(str.split, lines)}


def fetch(pinned: Mapping[str, Pinned], folder: Path, *, sources: Sequence[str]) -> None:
    """Bring the files of `pinned` into `folder`; those that are there and right are not fetched again.

    Args:
        pinned: name to digest and size of each file.
        folder: where to; made if missing. Any other file in it is deleted.
        sources: directories and base URLs (http, https), in the order to try.

    Raises:
        DataError: no source has the right bytes of a file, or they cannot be written.
    """
    pooch.get_logger().setLevel("WARNING")  # it would print every URL, with the password in it
    session = requests.Session()
    session.max_redirects = MAX_REDIRECTS
    session.headers["Accept-Encoding"] = "identity"  # compressed, an answer has another size
    # requests would read the body of a redirect to its end, if it has one
    session.hooks["response"] = [lambda answer, **_: answer.close() if answer.is_redirect else None]
    mirrors = [Mirror(source, session) for source in sources]
    progress = Progress("recordings", len(pinned), "files")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # The pool's threads are daemons: neither Ctrl-C nor an error waits for a mirror that hangs.
        with session, ThreadPool(THREADS) as pool:
            for _ in pool.imap_unordered(partial(fetch_one, folder, mirrors), pinned.items()):
                progress.step()
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error}); make room there, or mend that") from None
    finally:
        for stray in {*folder.glob("*")} - {folder / name for name in pinned}:  # of pooch, when interrupted
            stray.unlink(missing_ok=True)


def fetch_one(folder: Path, mirrors: "Sequence[Mirror]", item: tuple[str, Pinned]) -> None:
    """Bring one file, a name and what is pinned of it, into `folder`.

    Raises:
        DataError: no mirror has the right bytes; says what is wrong with each.
        OSError: the file cannot be written.
    """
    name, (digest, size) = item
    refusals = []
    for mirror in mirrors:
        files = pooch.create(folder, mirror.where, registry={name: digest}, retry_if_failed=1)
        try:
            files.fetch(name, downloader=partial(mirror.download, size))
            break
        except Refused as error:
            refusals.append((mirror, str(error)))
            if error.lasting and not mirror.failing:
                mirror.failing = f"left alone after {name}: {error}"
        except ValueError:  # of pooch
            refusals.append((mirror, f"wrong bytes, SHA-256 is not {digest}"))
    else:
        raise DataError(f"{name} cannot be had ({'; '.join(f'{m}: {reason}' for m, reason in refusals)})")
    for mirror, reason in refusals:
        if not mirror.complained:  # once: 144 files would have the same complaint
            mirror.complained = True
            sys.stderr.write(f"{name} not from {mirror}: {reason}\n")  # whole: other threads write too


@dataclass
class Mirror:
    """A directory or base URL (`where`) with the files, and what has become known of it."""

    where: str
    session: requests.Session
    answered: bool = False
    quiet_until: float = 0  # when it wants to be asked again, s of the monotonic clock
    failing: str = ""  # why it is left alone
    complained: bool = False

    def __str__(self) -> str:
        """Return `where` without the user, password and query that a URL may hold."""
        return re.sub(r"(://)[^/]*@|[?#].*", r"\1", self.where) if "://" in self.where else self.where

    def download(self, size: int, url: str, output_file: str, _: pooch.Pooch) -> None:
        """Write a file to `output_file`, whole or not at all; a downloader for pooch.

        Args:
            size: bytes of the file.
            url: where it is: a URL, or a path for a directory.
            output_file: an empty file that pooch has made.

        Raises:
            Refused: the mirror does not have them, sends more, or is too slow.
        """
        if self.failing:
            raise Refused(self.failing)
        time.sleep(max(0, self.quiet_until - time.monotonic()))
        # Watched from outside, since neither looking up a name nor slow headers have a time limit.
        with io.BytesIO() as body, ThreadPool(1) as pool:
            answer = pool.apply_async(self.receive, (size, url, body))
            before, deadline = 0, time.monotonic() + FILE_SECONDS
            answer.wait(WINDOW)
            while not answer.ready():
                so_far = f"{body.tell()} of {size} bytes so far"
                if body.tell() - before < MIN_RATE * WINDOW:
                    raise self.failure(f"slower than {MIN_RATE} bytes/s for {WINDOW} s, {so_far}")
                if time.monotonic() > deadline:
                    raise self.failure(f"not done in {FILE_SECONDS} s, {so_far}")
                before = body.tell()
                answer.wait(WINDOW)
            answer.get()
            Path(output_file).unlink()  # pooch made it for its owner alone; umask is to say for whom
            Path(output_file).write_bytes(body.getvalue())

    def failure(self, reason: str) -> Refused:
        """Return an error after which the mirror is left alone; if it ever answered, after a second try."""
        error = (Broken if self.answered else Refused)(reason)
        error.lasting = True
        return error

    def receive(self, size: int, url: str, body: io.BytesIO) -> None:
        """Write to `body` what comes, until it is more than `size` bytes, or until somebody closes it."""
        try:
            for chunk in self.chunks(url):
                if body.tell() + len(chunk) > size:
                    raise Refused(f"sends more than {size} bytes")
                body.write(chunk)
            if body.tell() < size:
                raise Broken(f"sent {body.tell()} of {size} bytes")
        except Refused:
            raise
        except (OSError, HTTPError, ValueError) as error:  # whose texts may quote a password
            reason = f"{type(error).__name__} after {body.tell()} of {size} bytes"
            raise (Broken(reason) if body.tell() else self.failure(reason)) from None

    def chunks(self, url: str) -> Iterator[bytes]:
        """Yield the bytes at `url` (or path) as they come, however few."""
        if "://" not in self.where:
            if not Path(url).is_file():
                raise Refused("the file is not there" if Path(self.where).is_dir() else "no such directory")
            with open(url, "rb") as file:
                yield from iter(partial(file.read, CHUNK), b"")
            return
        with self.session.get(url, stream=True, timeout=2 * WINDOW) as answer:
            self.answered = True
            said = f"answers HTTP {answer.status_code}"
            if answer.status_code in BUSY:
                pause = Retry().get_retry_after(answer) or 0
                if pause > LONGEST_PAUSE:
                    self.failing = f"{said}, Retry-After of more than {LONGEST_PAUSE} s"
                    raise Refused(self.failing)
                self.quiet_until = time.monotonic() + pause
                raise self.failure(said)
            if answer.status_code != 200:
                raise Refused(said)
            while chunk := answer.raw.read1(CHUNK, decode_content=False):  # iter_content would wait
                yield chunk
