"""Recordings and results in S3-compatible storage, by fsspec: what is in a bucket is copied, then read."""

import argparse
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from arrhythmia.cli.outcome import Outcome
from arrhythmia.errors import DataError, one_line, wants_memory
from arrhythmia.formats.guard import too_large
from arrhythmia.formats.names import kind, without_suffix
from arrhythmia.formats.wfdb_header import LONGEST_HEADER, named_files
from arrhythmia.inference.unfinished import PAGE, SUMMARY

if TYPE_CHECKING:
    from s3fs import S3FileSystem

RETRIES = {"retries": {"mode": "standard", "total_max_attempts": 3}}
"""Tries of a request that the server does not answer; s3fs tries again where it asks for patience."""

BATCH = 1000
"""Objects that are read at a time."""


class UnequippedError(DataError):
    """This machine can read no bucket at all: s3fs or credentials are missing."""


class S3Path(PurePosixPath):
    """The address of an object, or of a folder of them: a path that is printed as `s3://bucket/…`."""

    def __str__(self) -> str:
        """Return the address."""
        return super().__str__().replace("s3:/", "s3://", 1)

    @property
    def bucket(self) -> str:
        """Name of the bucket."""
        return self.parts[1]

    @property
    def key(self) -> str:
        """Name of the object in the bucket; empty for the bucket itself."""
        return "/".join(self.parts[2:])

    def absolute(self) -> "S3Path":
        """Return the address, which says all."""
        return self

    def is_dir(self) -> bool:
        """Return whether it is a bucket, or anything lies under it.

        Raises:
            DataError: there is no such bucket, or it cannot be read.
        """
        return bool(self._page(MaxKeys=1).get("KeyCount")) or not self.key

    def iterdir(self) -> "Iterator[S3Path]":
        """Yield the objects that lie in it, not those in folders below.

        Raises:
            DataError: there is no such bucket, or it cannot be read.
        """
        page = self._page(Delimiter="/")
        while True:
            names = (found["Key"].rpartition("/")[2] for found in page.get("Contents", ()))
            yield from (self / name for name in names if name not in ("", ".", ".."))
            if not page.get("IsTruncated"):
                return
            page = self._page(Delimiter="/", ContinuationToken=page["NextContinuationToken"])

    def first_bytes(self, most: int) -> bytes:
        """Return the first bytes of the object.

        Raises:
            DataError: it is not there, or cannot be read.
        """
        with told(f"{self}: cannot be read"):
            return storage().cat_file(str(self), start=0, end=most)

    def _page(self, **asked: str | int) -> dict:
        # by hand, as s3fs keeps a kilobyte for each of the hundred thousands of objects
        prefix = f"{self.key}/" if self.key else ""
        with told(f"{self}: cannot be read"):
            return storage().call_s3("list_objects_v2", Bucket=self.bucket, Prefix=prefix, **asked)


Place = Path | S3Path
"""Where a recording, results or a table may be."""


def place(text: str) -> Place:
    """Return the path of a file, or the address that begins with `s3://`, for argparse.

    Raises:
        argparse.ArgumentTypeError: it is of another protocol, or no address. What it says repeats no address:
            there may be a password in it.
    """
    if not (protocol := re.match(r"([A-Za-z0-9+.-]+)://", text)):
        return Path(text)
    if protocol[1] != "s3":
        raise argparse.ArgumentTypeError(f"{protocol[0]} is not known; give files, or s3://bucket/folder")
    path = S3Path(text)
    if len(path.parts) < 2 or not re.fullmatch(r"[A-Za-z0-9._-]+", path.bucket):
        raise argparse.ArgumentTypeError("no name of a bucket after s3://; give s3://bucket/folder")
    if str(path) != text.rstrip("/") or ".." in path.parts or "?versionId=" in text:
        raise argparse.ArgumentTypeError("//, /./, /../ and ?versionId= in an address of s3:// are not known")
    return path


def storage() -> "S3FileSystem":
    """Return the storage, with endpoint and credentials of the environment, as AWS tools take them.

    Raises:
        UnequippedError: s3fs is not installed.
    """
    try:
        from s3fs import S3FileSystem
    except ModuleNotFoundError as error:
        raise UnequippedError("s3:// needs s3fs: install arrhythmia[s3]") from error
    return S3FileSystem(config_kwargs=RETRIES)  # fsspec keeps one for each process


@contextmanager
def told(problem: str) -> Iterator[None]:
    """Turn what s3fs and the libraries below it raise into one line.

    Args:
        problem: the address and what it means.

    Raises:
        UnequippedError: there are no credentials.
        MemoryError: there is too little of it.
        DataError: anything else was raised within.
    """
    try:
        yield
    except (DataError, MemoryError):
        raise
    except Exception as error:
        if wants_memory(error):
            raise MemoryError from error
        reason = getattr(error, "strerror", None) or one_line(error) or type(error).__name__
        if type(error).__name__ in ("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound"):
            raise UnequippedError(f"{problem} ({reason}); set AWS_ACCESS_KEY_ID and the like") from error
        raise DataError(f"{problem} ({reason})") from error


def predict_stored(
    path: Place,
    predict: Callable[[Path, argparse.Namespace], Outcome],
    grant: Callable[[int], None],
    *,
    asked: argparse.Namespace,
    folder: Path,
) -> Outcome:
    """Predict a recording that lies in a bucket, or whose results go to one, by copies in a folder.

    Args:
        path: the recording.
        predict: takes a file and the options; writes to `out` of these.
        grant: allows the time for reading so many bytes.
        asked: the options of `arrhythmia predict`.
        folder: for the copies.
    """
    copies, results = folder / "in", folder / "out"
    try:
        local = path
        if isinstance(path, S3Path):
            local = fetch(path, copies, grant, asked)
        if not isinstance(asked.out, S3Path):
            return predict(local, asked).renamed(copies, path.parent)
        outcome = predict(local, argparse.Namespace(**{**vars(asked), "out": results}))
        if not outcome.failed:
            send(results, asked.out)
        return outcome.renamed(copies, path.parent).renamed(results, asked.out)
    except DataError as error:
        return Outcome(f"error: {error}", failed=True, hopeless=isinstance(error, UnequippedError))


def fetch(path: S3Path, folder: Path, grant: Callable[[int], None], asked: argparse.Namespace) -> Path:
    """Copy the files of a recording into a folder, and return the recording's path there.

    Those that are missing are left out, for whoever reads the recording to say so. Headers name files that
    lie beside them only; names count as they are, capitals too.

    Args:
        path: the recording.
        folder: is made.
        grant: allows the time for reading so many bytes.
        asked: the options of `arrhythmia predict`.

    Raises:
        DataError: the storage cannot be read, or the files are too large together.
    """
    names, total = first_names(path, asked), 0
    with told(f"{path}: cannot be read"):
        folder.mkdir(parents=True)
        for name in names:  # which grows by what headers name
            if "?versionId=" in name:  # for which s3fs would read another object
                raise DataError(f"{path}: a name with ?versionId= in it cannot be read")
            try:
                size = storage().info(str(path.with_name(name)))["size"]
            except FileNotFoundError:
                continue
            total += size
            if total > (most := 1e6 * asked.max_size):
                raise too_large(path, total, most)
            grant(total)
            copy = folder / name
            # one stream: s3fs would hold ten pieces of 50 MB in memory
            storage().get_file(str(path.with_name(name)), str(copy), max_concurrency=1)
            if copy.stat().st_size != size:
                raise DataError(f"{path}: {name} has changed while it was read; predict it again")
            if name.lower().endswith(".hea") and size <= LONGEST_HEADER:
                names += [one for one in named_files(copy.read_bytes()) if one not in names]
    return folder / path.name


def first_names(path: S3Path, asked: argparse.Namespace) -> list[str]:
    """Return the names of the files by which a recording is known: itself, or its header and annotations."""
    if kind(path) != ".hea":
        return [path.name]
    record = without_suffix(path).name
    header = path.name if path.suffix.lower() == ".hea" else f"{record}.hea"
    annotators = {one for one in (asked.beats, asked.compare) if one and "/" not in one}
    return [header, *(f"{record}.{annotator}" for annotator in sorted(annotators))]


def send(folder: Path, out: S3Path) -> None:
    """Copy the files of a recording's prediction into a bucket, the summary last.

    Where the summary is not there, the others count as nothing: storage cannot rename, so this tells a
    recording that is whole from one that is not. What an earlier one had goes first: its page, which may not
    be written anew, and its summary.

    Raises:
        DataError: not all of them could be written.
    """
    files = sorted(folder.iterdir(), key=lambda path: (path.name.endswith(SUMMARY), path.name))
    summary = str(out / files[-1].name)
    with told(f"{summary}: not written"):
        if storage().exists(summary):
            storage().rm_file(summary.removesuffix(SUMMARY) + PAGE)  # no error where there is none
            storage().rm_file(summary)
        for file in files:
            storage().put_file(str(file), str(out / file.name), max_concurrency=1)


def read_all(paths: list[S3Path]) -> Iterator[bytes | Exception]:
    """Yield what is in each object, or why it cannot be read, many at a time."""
    for start in range(0, len(paths), BATCH):
        batch = [str(path) for path in paths[start : start + BATCH]]
        # without concurrency in one object, as s3fs would ask for its size first
        yield from storage().cat_ranges(batch, None, None, max_concurrency=1)
