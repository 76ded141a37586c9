"""Finding the recordings in a folder, or in a bucket."""

import contextlib

from arrhythmia.cli.bucket import Place, S3Path
from arrhythmia.errors import DataError
from arrhythmia.formats.names import SIGNALS, SUFFIXES
from arrhythmia.formats.wfdb_header import LONGEST_HEADER, named_files


def find_recordings(path: Place) -> list[Place]:
    """Return the recordings in a folder, sorted; or `path` itself if it is no folder.

    Tables of beats that a prediction wrote there (`.beats.csv`) are none, nor are segments of a WFDB record
    that is there too.

    Raises:
        DataError: the folder holds none.
    """
    if not path.is_dir():
        return [path]
    files = [x for x in path.iterdir() if not x.name.startswith(".")]
    names = {x.name for x in files}
    headers = [x for x in files if x.suffix.lower() == ".hea"]
    # a record of segments has no signals of its own beside it
    several = [x for x in headers if not names & {x.stem + suffix for suffix in SIGNALS}]
    left_out = {name for x in several for name in _segment_headers(x)}
    found = sorted(x for x in files if x.suffix.lower() in SUFFIXES and x.name not in left_out)
    found = [x for x in found if not x.name.endswith(".beats.csv")]
    if not found:
        raise DataError(f"{path}: no recording in it; looked for {', '.join(SUFFIXES)}")
    return found


def _segment_headers(header: Place) -> list[str]:
    """Return the names of the headers that a WFDB header names; none if it cannot be read."""
    text = b""
    with contextlib.suppress(OSError, DataError):
        if isinstance(header, S3Path):
            text = header.first_bytes(LONGEST_HEADER)
        elif header.is_file():  # a named pipe would never end
            with header.open("rb") as file:
                text = file.read(LONGEST_HEADER)
    return [name for name in named_files(text) if name.endswith(".hea")]
