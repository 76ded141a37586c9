"""Fetching a pinned list of files from mirrors: several at once, resumed, retried, checked.

Written by hand is only what no maintained library does together: go on where a file broke off, in another
run or from another mirror, and turn from a mirror with wrong bytes to the next. Looked at: pooch 1.9 (begins
a broken file anew, one address a file), parfive 2.3 (the same), pypdl 1.5 (compares with no pinned digest,
does not heed `Retry-After`, spoils a part when the server ignores `Range`).
"""

import hashlib
import os
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from multiprocessing.pool import ThreadPool
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter
from tqdm import tqdm
from urllib3.util import Retry

from arrhythmia.datasets.mirrors import Directory, Refused, Server, Source
from arrhythmia.errors import DataError

MITDB_CHECKSUMS = Path(__file__).with_name("mitdb.sha256")
"""SHA-256 of the 48 `.dat`, `.hea` and `.atr` files of the MIT-BIH Arrhythmia Database 1.0.0."""

RETRY = Retry(
    total=4,
    connect=2,
    backoff_factor=0.5,
    status_forcelist=(408, 429, 500, 502, 503, 504),
    allowed_methods=("GET",),
    retry_after_max=60,
)
"""Pauses of 0, 1, 2 and 4 s, or what `Retry-After` asks for, up to a minute."""


def read_checksums(path: str | Path) -> dict[str, str]:
    """Read a list in the format of `sha256sum`, as file name to hexadecimal digest."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split(maxsplit=1) for line in lines)}


def fetch(
    checksums: Mapping[str, str],
    folder: Path,
    *,
    sources: Sequence[str],
    size: int | None = None,
    threads: int = 4,
    timeout: tuple[float, float] = (5, 20),
    patience: float = 6,
    retry: Retry = RETRY,
) -> None:
    """Bring every file of `checksums` into `folder`, from the first source that has the right bytes.

    Files that are there and right are not fetched again. What has arrived of the others when this raises
    or is interrupted stays in `folder` as `<digest>.part`, and the next call goes on from there.

    Args:
        checksums: name to SHA-256 digest (hexadecimal) of each file.
        folder: where to; made if missing.
        sources: directories and base URLs (http, https), in the order to try.
        size: bytes of all files together, for the progress bar.
        threads: files fetched at the same time.
        timeout: longest wait for a connection and for the next bytes, s.
        patience: longest wait for the first answer of a server, s.
        retry: how often and after which pauses a server that has answered once is asked again.

    Raises:
        DataError: no source has the right bytes of a file; says what is wrong with each source.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # The pool's threads are daemons: neither Ctrl-C nor an error waits for a server that hangs.
    with (
        requests.Session() as session,
        tqdm(total=size, unit="B", unit_scale=True, disable=None) as bar,
        ThreadPool(threads) as pool,
    ):
        session.mount("http://", HTTPAdapter(max_retries=retry))
        session.mount("https://", HTTPAdapter(max_retries=retry))
        opened = [
            Server(source, bar, session, timeout, patience, retry)
            if source.startswith(("http://", "https://"))
            else Directory(source, bar)
            for source in sources
        ]
        for _ in pool.imap_unordered(partial(fetch_one, folder, opened, bar), checksums.items()):
            pass
    for stale in folder.glob("*.part"):
        stale.unlink()


def fetch_one(folder: Path, sources: Sequence[Source], bar: tqdm, item: tuple[str, str]) -> None:
    """Bring the file `item`, a name and a digest, into `folder`."""
    name, digest = item
    target, part = folder / name, folder / f"{digest}.part"
    if target.exists() and sha256(target) == digest:
        bar.update(target.stat().st_size)
        return
    bar.update(part.stat().st_size if part.exists() else 0)
    refusals = []
    for source in sources:
        try:
            bring_checked(source, name, digest, part)
        except Refused as reason:
            refusals.append((source, reason))
        else:
            os.replace(part, target)
            break
    else:
        raise DataError(f"{name} cannot be had ({'; '.join(f'{s}: {r}' for s, r in refusals)})")
    for source, reason in refusals:
        if not source.complained:  # once: 144 files would have the same complaint
            source.complained = True
            tqdm.write(f"{name} not from {source}: {reason}", file=sys.stderr)


def bring_checked(source: Source, name: str, digest: str, part: Path) -> None:
    """Complete `part` from `source`, once more from the first byte if what it went on from was wrong."""
    continued = True
    while continued:
        continued = part.exists()
        source.bring(name, part)
        if sha256(part) == digest:
            return
        source.discard(part)
    raise Refused("wrong bytes, SHA-256 differs")


def sha256(path: Path) -> str:
    """Return the hexadecimal SHA-256 digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
