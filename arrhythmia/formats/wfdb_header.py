"""The header of a WFDB record, as header(5) describes it: what wfdb passes over is refused here.

wfdb takes 250 Hz for a rate that is no number, drops letters that are not ASCII, so that µV becomes V, and
leaves out what it does not understand of a line.
"""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from arrhythmia.errors import DataError
from arrhythmia.formats.guard import check_files, file_size
from arrhythmia.formats.leads import is_voltage

SIGNAL_LINE = re.compile(
    r"""(?P<file>\S+)
    \s+(?P<format>\d+)(x(?P<per_frame>\d+))?(:(?P<skew>\d+))?(\+(?P<offset>\d+))?
    (\s+(?P<gain>-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?)(?P<baseline>\(-?\d+\))?(/(?P<unit>\S+))?
    (?P<numbers>\s+-?\d+(\s+-?\d+(\s+-?\d+(\s+(?P<checksum>-?\d+)(\s+-?\d+(\s+(?P<name>.*))?)?)?)?)?)?)?\s*""",
    re.VERBOSE,
)
"""File, format, gain and unit, ADC resolution and zero, initial value, checksum, block size, description."""

SAMPLES_IN_BYTES = {
    "8": (1, 1),
    "16": (1, 2),
    "24": (1, 3),
    "32": (1, 4),
    "61": (1, 2),
    "80": (1, 1),
    "160": (1, 2),
    "212": (2, 3),
    "310": (3, 4),
    "311": (3, 4),
}
"""How many samples stand in how many bytes, by the format of a signal (signal(5))."""

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
        format: number of the format.
        offset: bytes before the first sample.
        skewed: whether it is shifted against the others.
        plain: the line without unit and description, which wfdb may stumble over, and without the file.
    """

    file: str
    unit: str
    checksum: int | None
    name: str
    per_frame: int
    format: str
    offset: int
    skewed: bool
    plain: str


@dataclass(frozen=True)
class Header:
    """What stands in a header.

    Attributes:
        path: the header.
        fs: frames a second, Hz.
        length: number of frames.
        signals: of a record of one segment.
        segments: names of the segments' headers, without suffix, ~ for none, and their frames.
        notes: what a person should know.
    """

    path: Path
    fs: float
    length: int
    signals: tuple[SignalLine, ...]
    segments: tuple[tuple[str, int], ...]
    notes: tuple[str, ...] = ()

    def files(self) -> list[Path]:
        """Return the files that hold the signals of this header, each once."""
        names = dict.fromkeys(signal.file for signal in self.signals if signal.file != "~")
        return [find_file(self.path.with_name(name)) for name in names]


def find_file(path: Path) -> Path:
    """Return a file of that name, or the only one whose name differs in capitals alone, else `path`."""
    if os.path.lexists(path) or not path.parent.is_dir():
        return path
    alike = [x for x in path.parent.iterdir() if x.name.casefold() == path.name.casefold()]
    return alike[0] if len(alike) == 1 else path


def named_files(header: bytes) -> list[str]:
    """Return the names of the files that a WFDB header names: those of its signals, or its segments' headers.

    Whether the header is right is seen when it is read.
    """
    lines = [line.split() for _, line in _lines(header)]
    suffix = ".hea" if lines and "/" in lines[0][0] else ""
    names = dict.fromkeys(words[0] for words in lines[1:])
    return [f"{name}{suffix}" for name in names if "/" not in name and name not in ("~", ".", "..")]


def _lines(header: bytes) -> list[tuple[int, str]]:
    """Return the lines of a header with their numbers from 1, without comments and blank ones."""
    try:
        text = header.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = header.decode("latin-1")
    numbered = [(i, line.strip()) for i, line in enumerate(text.splitlines(), 1)]
    return [(i, line) for i, line in numbered if line and not line.startswith("#")]


def read_header(path: Path) -> Header:
    """Read a header, and refuse what does not stand there as it should.

    Args:
        path: with the suffix `.hea`.

    Raises:
        DataError: with the line and what is wrong with it.
    """
    if (size := file_size(path)) > LONGEST_HEADER:
        raise DataError(f"{path}: {size / 1e6:.0f} MB long; it is no WFDB header")
    lines = _lines(path.read_bytes())
    fields = lines[0][1].split() if lines else []
    if len(fields) < 3:
        raise DataError(f"{path}: sampling rate missing; add it to its first line")
    rate = re.split(r"[/(]", fields[2])[0]  # counter frequency and base may follow
    frames = fields[3] if len(fields) > 3 else "0"
    if not re.fullmatch(r"\d+(\.\d*)?", rate) or not frames.isdecimal():
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
        parts = tuple(_segment(path, i, line) for i, line in lines[1 : MOST_SEGMENTS + 1])
        if (total := sum(part[1] for part in parts)) != int(frames) and len(fields) > 3:
            raise DataError(f"{path}: its first line announces {int(frames)} samples, its segments {total}")
        return Header(path, float(rate), total, (), parts)
    signals = tuple(_signal(path, i, line) for i, line in lines[1:])
    header = Header(path, float(rate), int(frames), signals, ())
    # 0 stands for a length that the writer did not know; a layout of segments has no file
    return header if header.length or not header.files() else _with_length(header)


def _with_length(header: Header) -> Header:
    """Return a header with the length that its first signal file has."""
    path = header.files()[0]
    inside = [signal for signal in header.signals if signal.file != "~"]
    inside = [signal for signal in inside if signal.file == inside[0].file]
    if inside[0].format not in SAMPLES_IN_BYTES:
        raise DataError(
            f"{header.path}: number of samples missing, and format {inside[0].format} does not tell it; "
            "add it to its first line"
        )
    length = _frames_in(path, inside)
    note = f"its header names no number of samples; by the size of {path.name} there are {length}"
    return replace(header, length=max(length, 0), notes=(note,))


def _segment(path: Path, number: int, line: str) -> tuple[str, int]:
    name, *frames = line.split()
    if "/" in name or len(frames) != 1 or not frames[0].isdecimal():
        raise DataError(f"{path}, line {number}: '{line[:60]}' is no segment and its samples; correct it")
    return name, int(frames[0])


def _signal(path: Path, number: int, line: str) -> SignalLine:
    found = SIGNAL_LINE.fullmatch(line)
    if found is None or "/" in found["file"]:
        raise DataError(f"{path}, line {number}: '{line[:60]}' is no description of a signal; correct it")
    checksum, unit = int(found["checksum"] or 0) % 65536, found["unit"] or ""
    if is_voltage(unit) and not float(found["gain"]):
        unit = ""  # without a gain there are 200 units per mV
    # 0 stands in headers whose writer did not reckon it
    return SignalLine(
        found["file"],
        unit,
        checksum or None,
        (found["name"] or "").strip(),
        int(found["per_frame"] or 1),
        found["format"],
        int(found["offset"] or 0),
        bool(int(found["skew"] or 0)),
        _plain(found),
    )


def _plain(found: re.Match[str]) -> str:
    per_frame, skew, offset = (
        f"{sign}{found[key]}" if found[key] else ""
        for sign, key in (("x", "per_frame"), (":", "skew"), ("+", "offset"))
    )
    gain = f" {found['gain']}{found['baseline'] or ''}" if found["gain"] else ""
    numbers = " ".join((found["numbers"] or "").split()[:5])
    return f"{found['format']}{per_frame}{skew}{offset}{gain} {numbers}".rstrip()


def read_segments(header: Header) -> dict[str, Header]:
    """Read the header of each segment of a record, by name; those that are lost have none.

    Raises:
        DataError: one has another sampling rate than the record, or is shorter than the record says.
    """
    longest: dict[str, int] = {}
    for name, frames in header.segments:
        longest[name] = max(frames, longest.get(name, 0))
    return {name: _read_segment(header, name, frames) for name, frames in longest.items() if name != "~"}


def _read_segment(header: Header, name: str, announced: int) -> Header:
    segment = read_header(find_file(header.path.with_name(f"{name}.hea")))
    if segment.fs != header.fs:
        raise DataError(f"{segment.path}: {segment.fs:g} Hz, but {header.path.name} says {header.fs:g} Hz")
    if segment.files() and segment.length < announced:
        raise DataError(
            f"{segment.path}: {segment.length} samples, but {header.path.name} says {announced}; correct one"
        )
    return segment


def unread_notes(header: Header) -> tuple[str, ...]:
    """Return a note for each signal file that holds more than the header says."""
    notes = []
    for path in header.files():
        inside = [signal for signal in header.signals if signal.file.casefold() == path.name.casefold()]
        if not inside or inside[0].format not in SAMPLES_IN_BYTES:
            continue
        more = _frames_in(path, inside) - header.length
        if more >= header.fs:
            notes.append(f"{path.name} goes on for {more / header.fs:.1f} s after its header's end: not read")
    return tuple(notes)


def _frames_in(path: Path, inside: list[SignalLine]) -> int:
    """Return how many frames there are in a file with these signals."""
    samples, size = SAMPLES_IN_BYTES[inside[0].format]
    each = sum(signal.per_frame for signal in inside)
    return (file_size(path) - inside[0].offset) * samples // size // max(each, 1)


def check_record(header: Header, most: float) -> None:
    """Refuse a record of which a file is missing, empty, no file, or that is too large.

    Args:
        header: of the record.
        most: bytes of all its files together.

    Raises:
        DataError: with what is wrong.
    """
    files = [header.path, *header.files()]
    for segment in read_segments(header).values():
        if segment.segments:
            raise DataError(f"{segment.path}: a segment of segments; only one level is read")
        files += [segment.path, *segment.files()]
    check_files(dict.fromkeys(files), most)
