"""Opening ECG recordings of many makers (WFDB, EDF, CSV), to be read piece by piece in mV."""

import contextlib
import math
import os
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from arrhythmia.errors import DataError
from arrhythmia.formats.csv_head import head_rate, head_unit
from arrhythmia.formats.csv_layout import find_column, find_layout
from arrhythmia.formats.csv_table import read_column
from arrhythmia.formats.edf import read_edf_layout, record_starts
from arrhythmia.formats.guard import check_files, file_size, guarded
from arrhythmia.formats.leads import choose_lead, is_voltage, millivolts, unit_of
from arrhythmia.formats.wfdb_header import (
    LONGEST_HEADER,
    Header,
    SignalLine,
    check_record,
    find_file,
    named_files,
    read_header,
    read_segments,
    unread_notes,
)

SUFFIXES = (".hea", ".edf", ".bdf", ".csv", ".tsv")
"""Of recordings in a folder; a WFDB record is known by its header."""

SIGNALS = (".dat", ".mat")
"""Of signals that a WFDB header beside them describes, for who names the signals."""

TABLES = (".csv", ".tsv", ".txt")
"""Of text tables; in a folder a .txt is rather something to read."""

CHECKED = 500_000
"""Samples that are added up at a time."""

UNSUMMED = ("8", "61")
"""Formats of which wfdb gives no part as it stands in the file: differences, and bytes in the other order."""

RATES = (100, 20000)
"""Sampling rates that can be used, Hz."""

LONGEST = 366 * 86400
"""Longest recording, s: lost segments take no space, so no file tells that a length is wrong."""

KINDS = {".csv": "text tables", ".edf": "EDF and BDF files", ".hea": "WFDB records"}
"""Kinds of recordings by their suffix."""

OPTIONS = {".csv": ("column", "fs", "decimal", "time"), ".edf": ("lead",), ".hea": ("lead",)}
"""Options of `open_ecg` that apply to some kinds of recordings only, by the suffix of the kind."""


@dataclass(frozen=True)
class Ecg:
    """One lead of a recording.

    Attributes:
        path: of the file, for messages; of a WFDB record without suffix.
        fs: sampling rate, Hz.
        lead: name of the lead, or the number of its channel.
        length: samples.
        read: takes the first sample and the one after the last, returns float32 mV, NaN where it is lost.
        notes: what a person should know about how it was read, a line each.
        frame_fs: of frames, which may hold several samples, Hz: annotations count them if they name no rate.
    """

    path: Path
    fs: float
    lead: str
    length: int
    read: Callable[[int, int], np.ndarray]
    notes: tuple[str, ...] = ()
    frame_fs: float | None = None

    @property
    def name(self) -> str:
        """Name of the recording."""
        return recording_name(self.path)


def recording_name(path: Path) -> str:
    """Return the name of a recording: that of its file, without the suffix if that tells the format.

    Bytes of a file's name that are no UTF-8 are replaced: nobody could print them.
    """
    name = path.stem if path.suffix.lower() in (*SUFFIXES, *TABLES, *SIGNALS) else path.name
    return os.fsencode(name).decode("utf-8", "replace")


def without_suffix(path: Path) -> Path:
    """Return a path by the name of the WFDB record, if it is that of the record's header or signals."""
    return path.with_suffix("") if path.suffix.lower() in (".hea", *SIGNALS) else path


def find_recordings(path: Path) -> list[Path]:
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


def _segment_headers(header: Path) -> list[str]:
    """Return the names of the headers that a WFDB header names; none if it cannot be read."""
    text = b""
    with contextlib.suppress(OSError, DataError):
        if not isinstance(header, Path):  # in a bucket
            text = header.first_bytes(LONGEST_HEADER)
        elif header.is_file():  # a named pipe would never end
            with header.open("rb") as file:
                text = file.read(LONGEST_HEADER)
    return [name for name in named_files(text) if name.endswith(".hea")]


def kind(path: Path) -> str:
    """Return the kind of a recording: `.csv` for a text table, `.edf` for BDF too, or `.hea` for WFDB."""
    suffix = path.suffix.lower()
    return ".csv" if suffix in TABLES else ".edf" if suffix in (".edf", ".bdf") else ".hea"


def open_ecg(
    path: Path,
    *,
    lead: str | None = None,
    column: str | None = None,
    fs: float | None = None,
    unit: str | None = None,
    decimal: str | None = None,
    time: str | None = None,
    largest: float = math.inf,
) -> Ecg:
    """Open a recording; what it is tells its suffix.

    Args:
        path: `.csv`, `.tsv`, `.txt`, `.edf`, `.bdf`, or a WFDB record with or without `.hea`.
        lead: which one; without it the one most like MLII. Not for text tables.
        column: the lead's column in a text table, by name or number from 1.
        fs: sampling rate of a text table, Hz; without it the one that the lines before the table tell.
        unit: of the signal, in place of the one that the file names: mV, uV, V, or a number of units per mV.
        decimal: of a text table: "." or ","; without it found out where that is certain.
        time: the column of times in a text table, or "none"; without it found by its name.
        largest: bytes of all files of the recording.

    Raises:
        DataError: the file is missing or damaged, or the lead, column, rate or unit is missing or unknown.
    """
    per_unit = None if unit is None else millivolts(unit, "--unit")
    if kind(path) == ".csv":
        check_files([path], largest)
        with guarded(path):
            return _open_csv(path, column, fs, per_unit, decimal=decimal, time=time)
    if kind(path) == ".edf":
        check_files([path], largest)
        with guarded(path):
            return _open_edf(path, lead, per_unit)
    record = without_suffix(path)
    header_path = find_file(record.with_name(record.name + ".hea"))
    if not os.path.lexists(header_path):
        raise _no_record(path, header_path)
    header = read_header(header_path)
    check_record(header, largest)
    with guarded(record):
        return _open_wfdb(record, header, lead, per_unit)


def _lead_notes(names: Sequence[str], channel: int, lead: str | None) -> tuple[str, ...]:
    """Return which lead was taken, if nobody said which one of several."""
    if lead is not None or len(names) == 1:
        return ()
    known = ", ".join(name or f"channel {i}" for i, name in enumerate(names))[:200]
    return (f"lead {names[channel] or channel} is taken, of {known} (--lead takes another)",)


def _open_wfdb(path: Path, header: Header, lead: str | None, per_unit: float | None) -> Ecg:
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
    _check_rate(path, each * header.fs, name)
    spans = _spans(pieces, described, channel, per_unit)
    if not spans:
        raise DataError(f"{header.path}: lead {name} is in no file; try another --lead")
    if header.length > LONGEST * header.fs:
        raise DataError(f"{header.path}: {header.length} samples are more than a year; correct line 1")
    for start, stop, (part, place, _) in spans[-1:]:
        # the last sample shows at once whether the signal file is as long as the header says
        with guarded(path, f"cannot be read up to sample {header.length}, which its header announces"):
            _read_frames(part, place, stop - start - 1, stop - start, physical=True)

    def read(start: int, stop: int) -> np.ndarray:
        first, last = start // each, -(-stop // each)
        frames = np.full(each * (last - first), np.nan)
        for begin, end, (part, place, scale) in spans:
            low, high = max(begin, first), min(end, last)
            if low < high:
                with guarded(path):
                    found = _read_frames(part, place, low - begin, high - begin, physical=True)
                frames[each * (low - first) : each * (high - first)] = found * scale
        return frames[start - first * each : stop - first * each].astype(np.float32)

    notes = header.notes + _lead_notes(names, channel, lead)
    for part, place in {part.path: (part, place) for _, _, (part, place, _) in spans}.values():
        notes += unread_notes(part) + _checksum_notes(part, place)
    lost = header.length - sum(stop - start for start, stop, _ in spans)
    if lost:
        notes += (f"{lost / header.fs:.2f} s are in no file: lost signal",)
    return Ecg(path, each * header.fs, name, each * header.length, read, notes, header.fs)


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
) -> list[tuple[int, int, tuple[Header, int, float]]]:
    """Return where a lead is: first frame and the one after the last, with header, channel and mV a unit."""
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
            spans.append((start, start + frames, (part, place, scale)))
        start += frames
    return spans


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


def _no_record(path: Path, header_path: Path) -> DataError:
    formats = "WFDB records (.hea), EDF (.edf), BDF (.bdf) and text tables (.csv, .tsv, .txt) can be read"
    if path == Path("-"):
        return DataError(f"{path}: standard input cannot be read; save it to a file, {formats}")
    if path.exists() and path.suffix.lower() != ".dat":
        file_size(path)  # refuses what is no ordinary file
        return DataError(f"{path}: {path.suffix or 'it'} is of no known format; {formats}")
    return DataError(f"{header_path}: missing; {formats}")


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


def _open_edf(path: Path, lead: str | None, per_unit: float | None) -> Ecg:
    edf = read_edf_layout(path)
    names, units = [x.label for x in edf.signals], [x.physical_dimension for x in edf.signals]
    # what is sampled too slowly is no ECG, so another signal is better
    rates = [float(x.sampling_frequency) for x in edf.signals]
    usable = [i for i, fs in enumerate(rates) if RATES[0] <= fs <= RATES[1]]
    channel = choose_lead(names, units, lead, path, usable)
    signal, fs = edf.signals[channel], rates[channel]
    each = signal.samples_per_data_record
    _check_rate(path, fs, names[channel])
    scale = millivolts(units[channel], f"{path}, signal {names[channel]}") if per_unit is None else per_unit
    low, high = signal.digital_min, signal.digital_max
    least, most = signal.physical_min, signal.physical_max
    if not (high > low and most != least):
        raise DataError(f"{path}, signal {names[channel]}: its header gives no range of values")
    gain = scale * (most - least) / (high - low)
    starts, lost = record_starts(path, edf, each)
    length = int(starts[-1]) + each

    def read(start: int, stop: int) -> np.ndarray:
        signal = np.full(stop - start, np.nan, dtype=np.float32)
        first, last = np.searchsorted(starts, [start - each + 1, stop])
        with guarded(path):
            records = edf.read(int(first), int(last), edf.places[channel])
        for at, counts in zip(starts[first:last] - start, records, strict=True):
            begin, end = max(at, 0), min(at + each, stop - start)
            signal[begin:end] = (
                counts[begin - at : end - at].astype(np.float64) - low
            ) * gain + scale * least
        return signal

    notes = (*edf.notes, *_lead_notes(names, channel, lead))
    if lost:
        notes += (f"{lost / fs:.2f} s between its data records are missing: lost signal",)
    return Ecg(path, fs, names[channel] or f"channel {channel}", length, read, notes)


def _open_csv(
    path: Path,
    column: str | None,
    fs: float | None,
    per_unit: float | None,
    *,
    decimal: str | None,
    time: str | None,
) -> Ecg:
    layout = find_layout(path, decimal)
    index = find_column(layout, column, path)
    told, notes = head_rate(layout.head), []
    if fs is None and told is None:
        raise DataError(f"{path}: unknown sampling rate; say it with --fs, in Hz")
    if fs is None:
        fs = told
        notes.append(f"its head says {told:g} Hz")
    elif told is not None and told != fs:
        notes.append(f"its head says {told:g} Hz, --fs {fs:g} is taken")
    if column is None and len(layout.names) > 1:
        notes.append(f"column '{layout.names[index]}' is taken (--column takes another)")
    if layout.passed:
        notes.append(f"line {layout.line - 1}, '{layout.passed.strip()[:40]}', is taken for none of samples")
    if layout.spaced:
        notes.append("every second line is blank, and passed over")
    name = layout.names[index]
    _check_rate(path, fs, name)
    scale = _told_unit(name, layout.units[index], head_unit(layout.head)) if per_unit is None else per_unit
    table = read_column(path, layout, index, fs=fs, decimal=decimal, time=time)

    def read(start: int, stop: int) -> np.ndarray:
        return table.samples.read(start, stop) * np.float32(scale)

    return Ecg(path, float(fs), name, table.samples.length, read, (*notes, *table.notes))


def _told_unit(name: str, below: str, head: str) -> float:
    """Return the mV in a unit of a column: below its name, in the name, or in the head; else mV."""
    unit = unit_of(name, below)
    return next((millivolts(x, name) for x in (unit, head) if is_voltage(x)), 1.0)


def _check_rate(path: Path, fs: float, name: str) -> None:
    if not RATES[0] <= fs <= RATES[1]:
        least, most = RATES
        raise DataError(f"{path}: sampling rate of '{name}' is {fs:g} Hz; {least} to {most} Hz can be used")
