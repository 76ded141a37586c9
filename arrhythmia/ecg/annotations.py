"""Annotations in the MIT format of WFDB, as annot(5) describes it.

wfdb 4.3 reads them too, but never ends where a note at sample 0 begins with ## and is none that it knows; it
takes a file that was cut short for a whole one, and the notes of one annotation for the sampling rate.
"""

import re
from dataclasses import dataclass, field

import numpy as np
import wfdb

from arrhythmia.errors import DataError

_CODES = wfdb.io.annotation.ann_label_table[["label_store", "symbol", "description"]]

SYMBOL_OF_CODE = dict(_CODES[["label_store", "symbol"]].to_numpy())
"""The symbol of each annotation code."""

SYMBOL_MEANINGS = dict(_CODES[["symbol", "description"]].to_numpy())
"""What each annotation symbol stands for, in the words of the WFDB annotation codes."""

SKIP, NUM, SUB, CHN, AUX = 59, 60, 61, 62, 63
"""Codes that are no annotations: a long interval, and what belongs to the annotation before."""

NOTE = 22
"""Code of a comment; at sample 0 it may define something for the whole file."""


@dataclass
class Annotations:
    """What an annotation file holds.

    Attributes:
        sample: positions, at the file's own sampling rate.
        code: of each annotation, 1..49.
        fs: the sampling rate that the file names, Hz; None if it names none.
    """

    sample: list[int] = field(default_factory=list)
    code: list[int] = field(default_factory=list)
    fs: float | None = None

    @property
    def symbol(self) -> np.ndarray:
        """Symbols, `(m,)`; empty where the code has none."""
        return np.array([SYMBOL_OF_CODE.get(code, "") for code in self.code], dtype=str)


def parse_annotations(data: bytes, where: str) -> Annotations:
    """Read the bytes of an annotation file.

    Args:
        data: the whole file.
        where: its name, for the message.

    Returns:
        All annotations, in the order of the file; a note that defines something for the whole file is none.

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
            if text.startswith(b"##") and (found.code[-1:], found.sample[-1:]) == ([NOTE], [0]):
                del found.code[-1], found.sample[-1]
                if rate := re.match(rb"## time resolution: (\d+\.?\d*)", text):
                    found.fs = float(rate[1])
        elif 50 <= code < SKIP:
            raise DataError(f"{where}: damaged, unknown annotation code {code} at byte {2 * at - 2}")
        elif code not in (NUM, SUB, CHN):
            time += low
            if code:  # 0 is no annotation, but its time counts
                found.sample.append(time)
                found.code.append(code)
    return found


def _signed(value: int) -> int:
    return value - (1 << 32) if value >= 1 << 31 else value
