"""The header of a WFDB record, as header(5) describes it: what wfdb passes over is refused here.

wfdb takes 250 Hz for a rate that is no number, drops letters that are not ASCII, so that µV becomes V, and
leaves out what it does not understand of a line.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from arrhythmia.ecg.guard import check_files, file_size
from arrhythmia.errors import DataError

SIGNAL_LINE = re.compile(
    r"""(?P<file>\S+)
    \s+(?P<format>\d+)(x(?P<per_frame>\d+))?(:\d+)?(\+\d+)?
    (\s+(?P<gain>-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?)(\(-?\d+\))?(/(?P<unit>\S+))?
    (\s+-?\d+(\s+-?\d+(\s+-?\d+(\s+(?P<checksum>-?\d+)(\s+-?\d+(\s+(?P<name>.*))?)?)?)?)?)?)?\s*""",
    re.VERBOSE,
)
"""File, format, gain and unit, ADC resolution and zero, initial value, checksum, block size, description."""

LONGEST_HEADER = 1_000_000
"""Bytes of a header; no real one comes near."""

MOST_SEGMENTS = 100_000
"""Segments of a record; no real one comes near."""


@dataclass(frozen=True)
class SignalLine:
    """What a header says of a signal.

    Attributes:
        file: name of the file that holds it; ~ for none.
        unit: of its samples; empty for the default, mV.
        checksum: sum of its samples modulo 2^16; None if it is not given.
        name: of the lead; may be empty.
        per_frame: samples in each frame.
    """

    file: str
    unit: str
    checksum: int | None
    name: str
    per_frame: int


@dataclass(frozen=True)
class Header:
    """What stands in a header.

    Attributes:
        path: the header.
        length: number of samples.
        signals: of a record of one segment.
        segments: names of the segments' headers, without suffix; ~ for none.
    """

    path: Path
    length: int
    signals: tuple[SignalLine, ...]
    segments: tuple[str, ...]

    def files(self) -> list[Path]:
        """Return the files that hold the signals of this header, each once."""
        names = dict.fromkeys(signal.file for signal in self.signals if signal.file != "~")
        return [self.path.with_name(name) for name in names]


def read_header(path: Path) -> Header:
    """Read a header, and refuse what does not stand there as it should.

    Args:
        path: with the suffix `.hea`.

    Raises:
        DataError: with the line and what is wrong with it.
    """
    if (size := file_size(path)) > LONGEST_HEADER:
        raise DataError(f"{path}: {size / 1e6:.0f} MB long; it is no WFDB header")
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    numbered = [(i, line.strip()) for i, line in enumerate(text.splitlines(), 1)]
    lines = [(i, line) for i, line in numbered if line and not line.startswith("#")]
    fields = lines[0][1].split() if lines else []
    if len(fields) < 4:
        raise DataError(f"{path}: sampling rate or number of samples missing; add them to its first line")
    rate = re.split(r"[/(]", fields[2])[0]  # counter frequency and base may follow
    if not re.fullmatch(r"\d+(\.\d*)?", rate) or not fields[3].isdecimal():
        raise DataError(f"{path}: sampling rate or number of samples is no number; correct its first line")
    name, _, segments = fields[0].partition("/")
    count = segments if segments else fields[1]
    if not name or not count.isdecimal():
        raise DataError(f"{path}: '{fields[0]} {fields[1]}' are no name and number of signals; correct them")
    what = "segments" if segments else "signals"
    if int(count) != len(lines) - 1:
        raise DataError(
            f"{path}: its first line announces {int(count)} {what}, {len(lines) - 1} are described"
        )
    if segments:
        parts = tuple(line.split()[0] for _, line in lines[1 : MOST_SEGMENTS + 1])
        return Header(path, int(fields[3]), (), parts)
    return Header(path, int(fields[3]), tuple(_signal(path, i, line) for i, line in lines[1:]), ())


def _signal(path: Path, number: int, line: str) -> SignalLine:
    found = SIGNAL_LINE.fullmatch(line)
    if found is None:
        raise DataError(f"{path}, line {number}: '{line[:60]}' is no description of a signal; correct it")
    checksum = int(found["checksum"] or 0) % 65536
    # 0 stands in headers whose writer did not reckon it
    return SignalLine(
        found["file"],
        found["unit"] or "",
        checksum or None,
        (found["name"] or "").strip(),
        int(found["per_frame"] or 1),
    )


def check_record(header: Header, most: float) -> None:
    """Refuse a record of which a file is missing, empty, no file, or that is too large.

    Args:
        header: of the record.
        most: bytes of all its files together.

    Raises:
        DataError: with what is wrong.
    """
    files = [header.path, *header.files()]
    for name in dict.fromkeys(header.segments):
        if name != "~":
            segment = read_header(header.path.with_name(f"{name}.hea"))
            if segment.segments:
                raise DataError(f"{segment.path}: a segment of segments; wfdb reads one level alone")
            files += [segment.path, *segment.files()]
    check_files(dict.fromkeys(files), most)
