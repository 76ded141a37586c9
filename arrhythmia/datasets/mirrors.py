"""Where files come from: a directory, or a web server that is asked again, and for the rest of a file.

`requests` and `urllib3` do the transport, with exponential back-off and `Retry-After`.
"""

import re
import shutil
from dataclasses import dataclass, field
from multiprocessing import TimeoutError as NoAnswer
from multiprocessing.pool import ThreadPool
from pathlib import Path

import requests
from tqdm import tqdm
from urllib3.exceptions import HTTPError, ResponseError
from urllib3.util import Retry

BROKEN = (requests.RequestException, HTTPError)  # urllib3's own errors pass requests in a few places


class Refused(Exception):
    """A source does not give a file; the text says why and names no credentials."""


@dataclass
class Source:
    """Where files come from: a directory, or a server (`where` is its base URL)."""

    where: str
    bar: tqdm
    complained: bool = field(default=False, init=False)

    def __str__(self) -> str:
        """Return `where` without the user, password and query that a URL may hold."""
        return re.sub(r"(://)[^/]*@|[?#].*", r"\1", self.where) if "://" in self.where else self.where

    def bring(self, name: str, part: Path) -> None:
        """Complete `part` with the file `name`.

        Raises:
            Refused: the source cannot; `part` holds what has arrived.
        """
        raise NotImplementedError

    def discard(self, part: Path) -> None:
        """Delete `part`, if there is one, and take its bytes off the bar."""
        if part.exists():
            self.bar.update(-part.stat().st_size)
            part.unlink()


class Directory(Source):
    """A directory with the files."""

    def bring(self, name: str, part: Path) -> None:
        """Copy the file `name` to `part`."""
        if not Path(self.where).is_dir():
            raise Refused("no such directory")
        if not Path(self.where, name).is_file():
            raise Refused("the file is not there")
        self.discard(part)
        shutil.copyfile(Path(self.where, name), part)
        self.bar.update(part.stat().st_size)


@dataclass
class Server(Source):
    """A base URL with the files under it."""

    session: requests.Session
    timeout: tuple[float, float]
    patience: float
    retry: Retry
    answers: bool = field(default=False, init=False)
    down: str = field(default="", init=False)

    def bring(self, name: str, part: Path) -> None:
        """Complete `part` with the file `name`; a server that fails for good is not asked again."""
        if not self.down:
            url = f"{self.where.rstrip('/')}/{name}"
            try:
                if not self.answers:
                    self.knock(url)
                return self.receive(url, part)
            except BROKEN as error:
                self.down = f"{'keeps failing' if self.answers else 'cannot be reached'} ({cause(error)})"
        raise Refused(self.down)

    def knock(self, url: str) -> None:
        """Ask once whether anybody answers, so that a missing network is found out in seconds.

        In a thread that can be left behind, since looking up a name takes no time limit and a
        connection tries each of a server's addresses in turn.
        """
        with ThreadPool(1) as pool:
            try:
                pool.apply_async(requests.head, (url,), {"timeout": self.patience}).get(self.patience)
            except NoAnswer:
                raise requests.Timeout from None
        self.answers = True

    def receive(self, url: str, part: Path) -> None:
        """Append to `part` the bytes it lacks, going on after each break."""
        retry = self.retry
        while True:
            with self.open(url, part) as response, part.open("ab") as file:
                try:
                    # read1, unlike iter_content, hands out what has arrived before a break
                    while chunk := response.raw.read1(1 << 16, decode_content=False):
                        file.write(chunk)
                        file.flush()
                        self.bar.update(len(chunk))
                    return
                except BROKEN as error:
                    retry = retry.increment("GET", url, error=error)
            retry.sleep()

    def open(self, url: str, part: Path) -> requests.Response:
        """Ask for the bytes that `part` lacks; without `part` where the server begins at the first."""
        start = part.stat().st_size if part.exists() else 0
        headers = {"Accept-Encoding": "identity"}  # a compressed answer has other offsets
        if start:
            headers["Range"] = f"bytes={start}-"
        response = self.session.get(url, headers=headers, stream=True, timeout=self.timeout)
        if start and response.status_code in (200, 416):  # no ranges here, or no bytes after `start`
            self.discard(part)
        if response.status_code in (200, 206):
            return response
        response.close()
        if start and response.status_code == 416:
            return self.open(url, part)
        raise Refused(f"answers {response.status_code} {response.reason}")


def cause(error: Exception) -> str:
    """Say what is wrong below the wrappers of requests and urllib3, whose texts may quote a password."""
    inner = getattr(error, "reason", None) or next(iter(error.args), None)
    if isinstance(inner, Exception):
        return cause(inner)
    return str(error) if isinstance(error, ResponseError) else type(error).__name__
