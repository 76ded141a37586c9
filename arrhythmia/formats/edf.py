"""Opening an EDF or BDF file, of headers with small faults too, with gaps between its data records.

BDF is EDF with samples of three bytes.

edfio reads the header, once decimal commas are points. It refuses gaps and bytes after the last record, so
the samples are read here.
"""

import contextlib
import io
import math
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from arrhythmia.errors import DataError
from arrhythmia.formats.ecg import RATES, Ecg, check_rate, lead_notes
from arrhythmia.formats.guard import guarded
from arrhythmia.formats.leads import choose_lead, millivolts
from arrhythmia.formats.timestamps import LONGEST_GAP

ONSET = re.compile(rb"([+-]\d+(?:\.\d*)?)(?:\x15[^\x14]*)?\x14\x14")
"""The time at which a data record begins, s: its first annotation (EDF+, 2.2.4)."""

BDF = b"\xffBIOSEMI"
"""How a BDF file begins."""

MOST_SIGNALS = 10_000
"""Signals of a file; the field has room for no more."""


@dataclass(frozen=True)
class EdfLayout:
    """Where the samples of an EDF or BDF file are.

    Attributes:
        path: the file.
        width: bytes of a word: 2, or 3 in a BDF file.
        signals: of edfio, without those that hold annotations.
        places: words of a data record that belong to each of them.
        annotations: words that hold annotations, the times of the records first; None in a plain EDF file.
        header: bytes before the first record.
        words: in each record.
        records: number of records.
        duration: of a record, s.
        interrupted: whether the header says that there are gaps (EDF+D, BDF+D).
        notes: what a person should know.
    """

    path: Path
    width: int
    signals: tuple[Any, ...]
    places: tuple[slice, ...]
    annotations: slice | None
    header: int
    words: int
    records: int
    duration: float
    interrupted: bool
    notes: tuple[str, ...]

    def read(self, first: int, last: int, place: slice) -> np.ndarray:
        """Return the words of the records from `first` to before `last`, `(records, words)` int32."""
        data = self.read_bytes(first, last, place).astype(np.int32)
        highest = self.width - 1
        value = (data[..., highest] ^ 0x80) - 0x80  # its sign is that of the word
        for byte in reversed(range(highest)):
            value = (value << 8) | data[..., byte]
        return value

    def read_bytes(self, first: int, last: int, place: slice) -> np.ndarray:
        """Return the same words as they stand in the file, `(records, words, width)` uint8."""
        if first == last:  # within a gap
            return np.empty((0, place.stop - place.start, self.width), dtype=np.uint8)
        begin, shape = self.header + self.width * self.words * first, (last - first, self.words, self.width)
        data = np.memmap(self.path, np.uint8, "r", begin, shape)  # of many signals one is read
        return np.array(data[:, place])


def open_edf(path: Path, lead: str | None, per_unit: float | None) -> Ecg:
    """Open an EDF or BDF file.

    Args:
        path: the file.
        lead: which one; None for the one most like MLII.
        per_unit: mV in a unit of the signal; None if the header tells.

    Raises:
        DataError: the lead is missing, its rate or unit cannot be used, or the header gives it no range.
        ValueError: the header is damaged.
    """
    edf = read_edf_layout(path)
    names, units = [x.label for x in edf.signals], [x.physical_dimension for x in edf.signals]
    # what is sampled too slowly is no ECG, so another signal is better
    rates = [float(x.sampling_frequency) for x in edf.signals]
    usable = [i for i, fs in enumerate(rates) if RATES[0] <= fs <= RATES[1]]
    channel = choose_lead(names, units, lead, path, usable)
    signal, fs = edf.signals[channel], rates[channel]
    each = signal.samples_per_data_record
    check_rate(path, fs, names[channel])
    scale = millivolts(units[channel], f"{path}, signal {names[channel]}") if per_unit is None else per_unit
    low, high, least, most = _range(path, signal)
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

    notes = (*edf.notes, *lead_notes(names, channel, lead))
    if lost:
        notes += (f"{lost / fs:.2f} s between its data records are missing: lost signal",)
    return Ecg(path, fs, names[channel] or f"channel {channel}", length, read, notes)


def read_edf_layout(path: Path) -> EdfLayout:
    """Read the header of an EDF or BDF file.

    Raises:
        DataError: the file is cut short, or holds no record.
        ValueError: the header is damaged.
    """
    import edfio

    head, count, announced, duration = _announced(path)
    mended = _mended(head, count)
    _check_samples(path, mended, count)
    width, read = (3, edfio.read_bdf) if head.startswith(BDF) else (2, edfio.read_edf)
    edf = read(io.BytesIO(mended), header_encoding="latin-1")
    lengths = [x.samples_per_data_record for x in edf._signals]
    if not sum(lengths):
        raise DataError(f"{path}: its header gives no number of samples")
    stops = np.cumsum(lengths).tolist()
    places = [slice(stop - n, stop) for stop, n in zip(stops, lengths, strict=True)]
    notes = [x.label in ("EDF Annotations", "BDF Annotations") for x in edf._signals]
    there, rest = divmod(os.stat(path).st_size - len(head), width * stops[-1])
    records = there if announced == -1 else announced
    if there < records or not records > 0:
        raise DataError(
            f"{path}: cut short; its header announces {announced} data records, {there} are there"
        )
    after = rest + (there - records) * width * stops[-1]
    return EdfLayout(
        path=path,
        width=width,
        signals=tuple(edf.signals),
        places=tuple(place for place, note in zip(places, notes, strict=True) if not note),
        annotations=next((place for place, note in zip(places, notes, strict=True) if note), None),
        header=len(head),
        words=stops[-1],
        records=records,
        duration=duration,
        interrupted=head[192:197] in (b"EDF+D", b"BDF+D"),
        notes=(f"{after} bytes after its last data record are not read",) if after else (),
    )


def _announced(path: Path) -> tuple[bytes, int, int, float]:
    """Return a header and what it announces: the signals, the data records, and the duration of one, s.

    The number of data records is -1 where the writer did not know it.

    Raises:
        DataError: the header is cut short, or a number in it is none or cannot be.
    """
    with path.open("rb") as file:
        start = file.read(256)
        if len(start) < 256:
            raise DataError(f"{path}: {len(start)} bytes, shorter than the header of an EDF file")
        begins = start[:8].replace(b"\0", b" ").strip() in (b"0", BDF)
        if not begins and not start[252:256].replace(b"\0", b" ").strip().isdigit():
            raise DataError(f"{path}: is no EDF or BDF file; give it the suffix of its format")
        count = int(_number(path, start[252:256], "number of signals", whole=True))
        if not 0 < count < MOST_SIGNALS:
            raise DataError(f"{path}: its header announces {count} signals")
        size = 256 * (count + 1)
        head = (start + file.read(size - 256)).replace(b"\0", b" ")  # some writers fill fields with NUL
    if len(head) < size:
        raise DataError(f"{path}: cut short within its header")
    announced = int(_number(path, head[236:244], "number of data records", whole=True))
    size_in_header = int(_number(path, head[184:192], "number of bytes", whole=True))
    if size_in_header != size:
        raise DataError(f"{path}: its header of {count} signals has {size} bytes, not {size_in_header}")
    duration = _number(path, head[244:252].replace(b",", b"."), "duration of a data record")
    if not duration > 0:
        raise DataError(f"{path}: its header gives data records of {duration:g} s; there is no signal in it")
    return head, count, announced, duration


def _number(path: Path, field: bytes, what: str, *, whole: bool = False) -> float:
    """Return the number in a field of a header.

    Raises:
        DataError: there is none, or no finite one, or it has decimals and should not.
    """
    text = field.replace(b"\0", b" ").decode("latin-1").strip()
    with contextlib.suppress(ValueError):
        number = float(text)
        if math.isfinite(number) and (not whole or number == int(number)):
            return number
    kind = "a whole number" if whole else "a number"
    raise DataError(f"{path}: the {what} in its header is '{text}', not {kind}; correct the header")


def _check_samples(path: Path, head: bytes, count: int) -> None:
    """Refuse a header in which a number of samples is none.

    Raises:
        DataError: with the signal and what the field holds.
    """
    for i in range(count):
        label = head[256 + 16 * i :][:16].decode("latin-1").strip()
        what, start = f"number of samples in a data record of signal '{label}'", 256 + 216 * count + 8 * i
        if (number := _number(path, head[start : start + 8], what, whole=True)) < 0:
            raise DataError(f"{path}: the {what} is {number:g}; correct the header")


def _range(path: Path, signal: Any) -> list[float]:
    """Return the digital and the physical minimum and maximum of a signal.

    Raises:
        DataError: one of them is no number.
    """
    found = []
    for what in ("digital_min", "digital_max", "physical_min", "physical_max"):
        value = math.nan
        with contextlib.suppress(ValueError):
            value = float(getattr(signal, what))
        if not math.isfinite(value):
            name = what.replace("_", " ")
            raise DataError(f"{path}: the {name} of signal '{signal.label}' is no number; correct the header")
        found.append(value)
    return found


def _mended(head: bytes, count: int) -> bytes:
    """Return a header without the small faults that real ones have, and without its number of records.

    Decimal commas in its ranges are points then, units in UTF-8 in the one byte a letter of the rest, and
    digital ranges and numbers of samples have no decimals.
    """
    places = (256 + n * count for n in (96, 104, 120, 136, 216, 224))
    units, ranges, digital, after_digital, samples, stop = places
    in_units = [
        re.sub(b"\xc2\xb5|\xce\xbc", b"\xb5", head[i : i + 8]).ljust(8) for i in range(units, ranges, 8)
    ]
    whole = [
        [re.sub(rb"\.0*(?= *$)", b"", head[i : i + 8]).ljust(8) for i in range(first, last, 8)]
        for first, last in ((digital, after_digital), (samples, stop))
    ]
    parts = [head[:236], b"0".ljust(8), head[244:252].replace(b",", b"."), head[252:units], *in_units]
    parts += [head[ranges:digital].replace(b",", b"."), *whole[0], head[after_digital:samples], *whole[1]]
    return b"".join([*parts, head[stop:]])


def record_starts(path: Path, edf: EdfLayout, each: int) -> tuple[np.ndarray, int]:
    """Return where the data records begin, and how many samples are missing between them.

    Args:
        path: the file, for messages.
        edf: its layout.
        each: samples of the signal in each record.

    Returns:
        `(records,)` int64, in samples from the first one, and the number of samples.

    Raises:
        DataError: a record begins before the last one ends, or much later, or its time is unknown.
    """
    starts = np.arange(edf.records, dtype=np.int64) * each
    if edf.annotations is None:
        return starts, 0
    onsets = []
    for first in range(0, edf.records, 1000):
        for words in edf.read_bytes(first, min(first + 1000, edf.records), edf.annotations):
            found = ONSET.match(words.tobytes())
            onsets.append(float(found[1]) if found else np.nan)
    if np.isnan(onsets).any():
        if edf.interrupted:
            at = int(np.isnan(onsets).argmax()) + 1
            raise DataError(f"{path}: the time of data record {at} cannot be read; save it as EDF+C")
        return starts, 0
    steps = np.round((np.diff(onsets) - edf.duration) * each / edf.duration)
    if (wrong := (steps < -1) | (steps * edf.duration > LONGEST_GAP * each)).any():
        at = int(wrong.argmax())
        raise DataError(
            f"{path}: data record {at + 2} begins at {onsets[at + 1]:g} s, the one before at "
            f"{onsets[at]:g} s; cut it there"
        )
    late = np.round((np.array(onsets) - onsets[0]) * each / edf.duration).astype(np.int64) - starts
    missing = usual = 0
    for i, samples in enumerate(late.tolist()):
        if samples > usual + 1:  # one may be rounding
            missing, usual = missing + samples - usual, samples
        usual = min(usual, samples + 1)  # of a clock that is fast
        starts[i] += missing
    return starts, missing
