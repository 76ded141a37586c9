"""Opening a WFDB record: of one segment or several, with lost ones, and files of several samples a frame."""

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from arrhythmia.errors import DataError
from arrhythmia.formats.ecg import Ecg, check_rate, lead_notes
from arrhythmia.formats.guard import guarded
from arrhythmia.formats.leads import choose_lead, millivolts
from arrhythmia.formats.wfdb_header import Header, SignalLine, find_file, read_segments, unread_notes

CHECKED = 500_000
"""Samples that are added up at a time."""

UNSUMMED = ("8", "61")
"""Formats of which wfdb gives no part as it stands in the file: differences, and bytes in the other order."""

LONGEST_RECORD = 366 * 86400
"""Longest recording, s: lost segments take no space, so no file tells that a length is wrong."""


@dataclass(frozen=True)
class _Span:
    """Frames of a record in which a lead is.

    Attributes:
        start: first frame.
        stop: the one after the last.
        part: header of the segment that holds them.
        channel: of the lead in that segment.
        scale: mV in a unit of it.
    """

    start: int
    stop: int
    part: Header
    channel: int
    scale: float

    def read(self, start: int, stop: int) -> np.ndarray:
        """Return the samples of the frames from `start` to before `stop` of the record, mV."""
        frames = start - self.start, stop - self.start
        return _read_frames(self.part, self.channel, *frames, physical=True) * self.scale


def open_wfdb(path: Path, header: Header, lead: str | None, per_unit: float | None) -> Ecg:
    """Open a WFDB record.

    Args:
        path: the record, without suffix.
        header: its header.
        lead: which one; None for the one most like MLII.
        per_unit: mV in a unit of the signal; None if the header tells.

    Raises:
        DataError: the record is empty, longer than a year or shorter than its header says; the lead is
            missing, its rate or unit cannot be used, or its segments differ in the samples of a frame.
    """
    if not header.length or not (header.signals or header.segments):
        raise DataError(
            f"{header.path}: empty record, {len(header.signals)} signals of {header.length} samples"
        )
    pieces, described = _pieces(header)
    names, units = [x.name for x in described], [x.unit or "mV" for x in described]
    # a signal without a file is lost, so another one is better; those of a layout are in its segments
    usable = [i for i, x in enumerate(described) if header.segments or x.file != "~"]
    channel = choose_lead(names, units, lead, path, usable)
    signal = described[channel]
    each, name = signal.per_frame, signal.name or f"channel {channel}"
    if per_unit is None:
        millivolts(signal.unit or "mV", f"{header.path}, lead {name}")
    check_rate(path, each * header.fs, name)
    spans = _spans(pieces, described, channel, per_unit)
    if not spans:
        raise DataError(f"{header.path}: lead {name} is in no file; try another --lead")
    if header.length > LONGEST_RECORD * header.fs:
        raise DataError(f"{header.path}: {header.length} samples are more than a year; correct line 1")
    # the last sample shows at once whether the signal file is as long as the header says
    with guarded(path, f"cannot be read up to sample {header.length}, which its header announces"):
        spans[-1].read(spans[-1].stop - 1, spans[-1].stop)
    notes = header.notes + lead_notes(names, channel, lead) + _notes(header, pieces, spans, name)
    return Ecg(
        path, each * header.fs, name, each * header.length, _reader(path, spans, each), notes, header.fs
    )


def _notes(
    header: Header, pieces: list[tuple[int, Header | None]], spans: list[_Span], lead: str
) -> tuple[str, ...]:
    """Return what is wrong with the files in which a lead is, and how much of it is in none."""
    notes: tuple[str, ...] = ()
    for part, place in {span.part.path: (span.part, span.channel) for span in spans}.values():
        notes += unread_notes(part) + _checksum_notes(part, place)
    with_it = {span.part.path for span in spans}
    without = sum(frames for frames, part in pieces if part is not None and part.path not in with_it)
    if without:
        notes += (f"{without / header.fs:.2f} s are in segments that do not hold lead {lead}: lost signal",)
    lost = header.length - without - sum(span.stop - span.start for span in spans)
    if lost:
        notes += (f"{lost / header.fs:.2f} s are in no file: lost signal",)
    return notes


def _pieces(header: Header) -> tuple[list[tuple[int, Header | None]], tuple[SignalLine, ...]]:
    """Return frames and header of each segment, None for a lost one, and the signals of the whole record.

    Raises:
        DataError: no segment describes a signal.
    """
    if header.signals:
        return [(header.length, header)], header.signals
    read = read_segments(header)
    pieces = [(frames, read.get(name)) for name, frames in header.segments]
    described = next((part.signals for _, part in pieces if part is not None and part.signals), None)
    if described is None:
        raise DataError(f"{header.path}: no segment has a signal")
    return [(frames, part) for frames, part in pieces if frames], described


def _spans(
    pieces: list[tuple[int, Header | None]],
    described: tuple[SignalLine, ...],
    channel: int,
    per_unit: float | None,
) -> list[_Span]:
    """Return where a lead is, in order."""
    spans, start, wanted = [], 0, described[channel]
    rank = sum(_bare(signal.name) == _bare(wanted.name) for signal in described[:channel])
    for frames, part in pieces:
        signals = part.signals if part is not None else ()
        alike = [i for i, signal in enumerate(signals) if _bare(signal.name) == _bare(wanted.name)]
        place = alike[rank] if rank < len(alike) else None
        # leads without names of their own are known by their place, if there are as many
        if len(signals) == len(described) and (
            not wanted.name or (place is None and not signals[channel].name)
        ):
            place = channel
        if place is not None and signals[place].file != "~":
            signal = signals[place]
            if signal.per_frame != wanted.per_frame:
                raise DataError(f"{part.path}: {signal.per_frame} samples a frame, others {wanted.per_frame}")
            where = f"{part.path}, lead {signal.name}"
            scale = millivolts(signal.unit or "mV", where) if per_unit is None else per_unit
            spans.append(_Span(start, start + frames, part, place, scale))
        start += frames
    return spans


def _reader(path: Path, spans: list[_Span], each: int) -> Callable[[int, int], np.ndarray]:
    """Return what reads a lead from one sample to before another, mV; a frame holds `each` samples."""

    def read(start: int, stop: int) -> np.ndarray:
        first, last = start // each, -(-stop // each)
        frames = np.full(each * (last - first), np.nan)
        for span in spans:
            low, high = max(span.start, first), min(span.stop, last)
            if low < high:
                with guarded(path):
                    found = span.read(low, high)
                frames[each * (low - first) : each * (high - first)] = found
        return frames[start - first * each : stop - first * each].astype(np.float32)

    return read


def _bare(name: str) -> str:
    """Return the name of a lead without what may differ from segment to segment."""
    return re.sub(r"^\s*lead\s+|\s", "", name.casefold())


def _read_frames(header: Header, channel: int, start: int, stop: int, *, physical: bool) -> np.ndarray:
    """Return the samples of a lead in frames from `start` to before `stop`, in its unit or raw.

    wfdb gets a header with the signals of one file and what it needs of them: it stumbles over units, dates,
    capitals and lost signals of real ones.
    """
    import wfdb

    name = header.signals[channel].file
    inside = [i for i, signal in enumerate(header.signals) if signal.file == name]
    with tempfile.TemporaryDirectory() as folder:
        lines = [f"r {len(inside)} {header.fs:f} {header.length}"]
        lines += [f"r.dat {header.signals[i].plain}" for i in inside]
        Path(folder, "r.hea").write_text("\n".join(lines) + "\n")
        Path(folder, "r.dat").symlink_to(find_file(header.path.with_name(name)).absolute())
        span = {"sampfrom": start, "sampto": stop, "channels": [inside.index(channel)]}
        part = wfdb.rdrecord(f"{folder}/r", **span, physical=physical, smooth_frames=False)
    return (part.e_p_signal if physical else part.e_d_signal)[0]


def _checksum_notes(header: Header, channel: int) -> tuple[str, ...]:
    """Return a note if the sum of a signal's samples is not the one in the header.

    Not of signals that wfdb does not give as they stand in the file, part by part.
    """
    signal, total = header.signals[channel], 0
    if signal.checksum is None or signal.file == "~" or signal.format in UNSUMMED or signal.skewed:
        return ()
    for start in range(0, header.length, CHECKED):
        stop = min(start + CHECKED, header.length)
        total += int(_read_frames(header, channel, start, stop, physical=False).sum(dtype=np.int64))
    if total % 65536 == signal.checksum:
        return ()
    return (
        f"the samples of lead {signal.name or channel} have checksum {total % 65536}, {header.path.name} "
        f"says {signal.checksum}: one of both was changed",
    )
