"""Annotations in the MIT format of WFDB, as annot(5) describes it.

wfdb 4.3 reads them too, but for ever where a note at sample 0 begins with ## and is none that it knows, it
takes a file that was cut short for a whole one, and the notes of one annotation for the sampling rate.
"""

import re
from dataclasses import dataclass, field

import numpy as np
import wfdb

from arrhythmia.aami import LABELS
from arrhythmia.errors import DataError
from arrhythmia.formats.guard import file_size, guarded
from arrhythmia.formats.recordings import Ecg
from arrhythmia.formats.wfdb_header import find_file

SYMBOL_OF_CODE = dict(wfdb.io.annotation.ann_label_table[["label_store", "symbol"]].to_numpy())
"""The symbol of each annotation code."""

LONGEST = 100_000_000
"""Bytes of an annotation file: a month of beats has less."""

SKIP, NUM, SUB, CHN, AUX = 59, 60, 61, 62, 63
"""Codes that are no annotations: a long interval, and what belongs to the annotation before."""

NOTE = 22
"""Code of a comment; at sample 0 it may define something for the whole file."""


@dataclass
class Annotations:
    """What an annotation file holds.

    Attributes:
        sample: positions, at the file's own sampling rate.
        code: of each annotation, 0..49; 0 is none.
        fs: the sampling rate that the file names, Hz; None if it names none.
    """

    sample: list[int] = field(default_factory=list)
    code: list[int] = field(default_factory=list)
    fs: float | None = None


def read_annotations(ecg: Ecg, annotator: str) -> tuple[np.ndarray, np.ndarray]:
    """Read the annotations that stand beside a WFDB record.

    Args:
        ecg: the recording.
        annotator: suffix of the file, such as `atr`.

    Returns:
        `(m,)` positions, in samples of the record whatever the rate of the file, and `(m,)` symbols of all
        annotations.

    Raises:
        DataError: there is no such file, it is damaged, or there is no beat in it.
    """
    if "/" in annotator or not annotator:
        raise DataError(f"'{annotator}' is no name of annotations; name the suffix of a file, such as atr")
    path = find_file(ecg.path.with_name(f"{ecg.path.name}.{annotator}"))
    if not path.exists():
        raise DataError(f"{path}: missing; --beats and --compare need a WFDB record with annotations")
    if file_size(path) > LONGEST:
        raise DataError(f"{path}: {file_size(path) / 1e6:.0f} MB long; these are no annotations")
    with guarded(path):
        found = parse_annotations(path.read_bytes(), str(path))
    stated = np.array(found.sample, dtype=np.int64)
    symbol = np.array([SYMBOL_OF_CODE.get(code, "") for code in found.code], dtype=str)
    rate = found.fs or ecg.frame_fs or ecg.fs
    sample = np.round(stated * (ecg.fs / rate)).astype(np.int64)
    if not np.isin(symbol, list(LABELS)).any():
        raise DataError(f"{path}: no beat annotation in it")
    wrong = (sample < 0) | (stated >= ecg.length * rate / ecg.fs) | (np.diff(sample, prepend=sample[0]) < 0)
    if wrong.any():
        raise DataError(
            f"{path}: annotation at {stated[wrong][0]} is out of order or outside the record's {ecg.length} "
            "samples; does the file belong to it?"
        )
    return sample.clip(max=ecg.length - 1), symbol  # rounding may lead behind the last one


def parse_annotations(data: bytes, where: str) -> Annotations:
    """Read the bytes of an annotation file.

    Args:
        data: the whole file.
        where: its name, for the message.

    Returns:
        All annotations, in the order of the file.

    Raises:
        DataError: the file is empty, damaged or cut short.
    """
    if len(data) % 2 or data[-2:] != b"\0\0":
        raise DataError(f"{where}: empty or cut short, its end mark is missing")
    words = np.frombuffer(data, dtype="<u2").tolist()
    found, at, time, last = Annotations(), 0, 0, len(words) - 1
    while at < last:
        code, low = words[at] >> 10, words[at] & 1023
        at += 1
        if code == 0 and low == 0:
            if any(words[at:]):
                raise DataError(f"{where}: damaged, it goes on after its end mark at byte {2 * at - 2}")
            break
        if code == SKIP:
            if at + 2 > last:
                raise DataError(f"{where}: damaged, an interval is cut short")
            time += _signed(words[at] << 16 | words[at + 1])
            at += 2
        elif code == AUX:
            text = data[2 * at : 2 * at + low]
            at += (low + 1) // 2
            if at > last:
                raise DataError(f"{where}: damaged, a note of {low} bytes is cut short")
            rate = re.match(rb"## time resolution: (\d+\.?\d*)", text)
            if rate and found.code[-1:] == [NOTE] and found.sample[-1] == 0:
                found.fs = float(rate[1])
        elif 50 <= code < SKIP:
            raise DataError(f"{where}: damaged, unknown annotation code {code} at byte {2 * at - 2}")
        elif code not in (NUM, SUB, CHN):
            time += low
            found.sample.append(time)
            found.code.append(code)
    return found


def _signed(value: int) -> int:
    return value - (1 << 32) if value >= 1 << 31 else value
