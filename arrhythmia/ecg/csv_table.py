"""The ECG column of a text table: no line is lost, whatever its separators, decimals and times."""

import contextlib
import csv
import io
import json
import os
import re
import tempfile
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from arrhythmia.ecg.guard import guarded
from arrhythmia.ecg.timestamps import clock_times, find_clock, is_time
from arrhythmia.errors import DataError

SEPARATORS = ",;\t"

BLANK = " "
"""The separator of a table whose columns are parted by blanks, one or several."""

BLOCK = 1 << 22
"""Bytes of a file that are read at a time."""

LONGEST_LINE = 100_000
"""Bytes; a line of a million fields would take gigabytes."""

LEAST_LINES = 3
"""Lines that a table has at least, if other lines before it are passed over."""

LONGEST_HEAD = 100
"""Lines before a table that are looked through."""

ECG_NAMES = r"ECG|EKG|^(lead )?(ML)?II$"
"""Names of columns that are taken among several."""

COUNTERS = ("i", "n", "nr", "no", "nseq", "index", "idx", "sample", "samples", "sample #", "#", "")
"""Names of columns that count lines."""

LOST = ["-", "--", "?"]
"""What stands for a lost sample, beside nothing, NaN and the like."""

PLAIN = r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?"
DECIMAL_COMMA = r"[-+]?(\d+,?\d*|,\d+)([eE][-+]?\d+)?"
THOUSANDS = r"[-+]?([1-9]\d{0,2}(,\d{3})+(\.\d*)?|\d+\.?\d*|\.\d+)([eE][-+]?\d+)?"
"""Numbers with a decimal point, with a decimal comma, and with commas between thousands."""


@dataclass(frozen=True)
class Layout:
    """How a text table is laid out.

    Attributes:
        names: of the columns; without a header line their numbers from 1.
        separator: of the fields; empty if there is one column only, `BLANK` for any number of blanks.
        start: bytes before the first line of data.
        line: number of that line, from 1.
        units: in the row below the names; empty words where there is none.
        head: lines before the names, which may tell rate and unit.
    """

    names: tuple[str, ...]
    separator: str
    start: int
    line: int
    units: tuple[str, ...]
    head: tuple[str, ...] = ()


@dataclass
class Table:
    """What was read of a column.

    Attributes:
        samples: its samples, in the column's own unit.
        notes: what a person should know about how they were read.
    """

    samples: "Spool"
    notes: list[str]


class Spool:
    """The samples of a text file in a file without a name: a day of them is not kept in memory.

    Attributes:
        length: number of samples.
    """

    def __init__(self) -> None:
        """Make an empty file."""
        with tempfile.TemporaryFile() as file:
            self._file = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._file)
        self.length = 0

    def append(self, values: np.ndarray) -> None:
        """Add `(n,)` float32."""
        rest = memoryview(values.tobytes())
        while rest:
            rest = rest[os.write(self._file, rest) :]
        self.length += len(values)

    def read(self, start: int, stop: int) -> np.ndarray:
        """Return the samples from `start` to before `stop`, float32."""
        there = os.pread(self._file, 4 * (stop - start), 4 * start)
        return np.frombuffer(there, dtype=np.float32).copy()


def find_layout(path: Path, decimal: str | None = None) -> Layout:
    """Find the names of the columns, what parts them, and where the data begins.

    Lines that begin with # are passed over, and others before the table whose fields are not as many as those
    of the data. A first line of numbers alone means that there are no names.

    Args:
        path: the table.
        decimal: "," if commas are decimal ones, so that they part no columns.

    Raises:
        DataError: the file is no text, or has no line of data.
    """
    with path.open("rb") as file:
        head = file.read(4 * LONGEST_LINE)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head[:1000]:
        raise DataError(f"{path}: no text in UTF-8; save it as such")
    start, line, passed = (3 if head.startswith(b"\xef\xbb\xbf") else 0), 1, []
    while head.startswith(b"#", start) or head.startswith((b"\n", b"\r\n"), start):
        stop = _after(head, start, path, line)
        passed.append(_decoded(head[start:stop]).strip())
        start, line = stop, line + 1
    if not head[start : _after(head, start, path, line)]:
        raise _no_data(path)
    found = _table_at(head, start, path, line, decimal)
    if len(lines := _following(head, found.start)) > LEAST_LINES and not _fits(lines, found):
        later, at = start, line
        while at < line + LONGEST_HEAD and later < len(head):
            passed.append(_decoded(head[later : (stop := _after(head, later, path, at))]).strip())
            later, at = stop, at + 1
            if not head[later:].lstrip(b"\r\n") or head.startswith((b"\n", b"\r\n"), later):
                continue
            table = _table_at(head, later, path, at, decimal)
            if len(lines := _following(head, table.start)) > LEAST_LINES and _fits(lines, table, share=1.0):
                return replace(table, head=tuple(passed))
    return replace(found, head=tuple(passed), names=opensignals_names(passed, found.names))


def opensignals_names(head: list[str], names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the columns of a file of OpenSignals, which a line of JSON before the table tells.

    A channel is called by its label and its sensor, as `A1 ECG`.

    Args:
        head: lines before the table.
        names: as they are without that line; where it is none, or tells as many columns not, they stay.
    """
    for line in head:
        with contextlib.suppress(ValueError, AttributeError, KeyError, TypeError, RecursionError):
            (device,) = json.loads(line.lstrip("# ")).values()
            sensor = dict(zip(device["label"], device["sensor"], strict=True))
            told = tuple(f"{name} {sensor.get(name, '')}".strip() for name in device["column"])
            if len(told) == len(names):
                return told
    return names


def _table_at(head: bytes, start: int, path: Path, line: int, decimal: str | None) -> Layout:
    """Return the layout of a table that begins at a byte of a file, in a certain line."""
    first = head[start : _after(head, start, path, line)]
    text = _decoded(first).rstrip("\r\n")
    known = SEPARATORS.replace(",", "") if decimal == "," else SEPARATORS
    separator = max(known, key=lambda x: len(_fields(text, x)))
    names = _fields(text, separator)
    if len(names) == 1 and text.strip() and _parted_by_blanks([text, *_following(head, start)[1:]]):
        separator, names = BLANK, _fields(text, BLANK)
    if separator == "," and _decimal_commas([text, *_following(head, start)]):
        separator, names = ";", [text]
    if all(re.fullmatch(DECIMAL_COMMA + "|" + PLAIN + "|", name) for name in names):
        while len(names) > 1 and not names[-1]:
            names.pop()
        numbers = tuple(str(i + 1) for i in range(len(names)))
        return Layout(numbers, separator if len(names) > 1 else "", start, line, ("",) * len(names))
    start, line = start + len(first), line + 1
    separator, units = separator if len(names) > 1 else "", [""] * len(names)
    second = head[start : _after(head, start, path, line)] if start < len(head) else b""
    words = _fields(_decoded(second).rstrip("\r\n"), separator or ",")
    if len(words) == len(names) and all(map(_is_word, words)):
        start, line, units = start + len(second), line + 1, words
    return Layout(tuple(names), separator, start, line, tuple(units))


def _parted_by_blanks(lines: list[str]) -> bool:
    """Whether lines have as many words as the first, and numbers and times below names and units."""
    first, *below = [line.split() for line in lines]
    data = next((words for words in below[:2] if re.match(r"[-+.\d]", words[0])), first)
    numbers = [bool(re.fullmatch(f"{PLAIN}|{DECIMAL_COMMA}", word)) for word in data]
    known = all(number or re.fullmatch(r"[\d:.]+", word) for number, word in zip(numbers, data, strict=True))
    return len(first) == len(data) > 1 and any(numbers) and known


def _following(head: bytes, start: int) -> list[str]:
    """Return whole lines that follow a byte, those that are not blank, 200 at most."""
    lines = head[start : start + LONGEST_LINE].split(b"\n")[:-1][:200]
    return [text for line in lines if (text := _decoded(line).strip())]


def _decimal_commas(lines: list[str]) -> bool:
    """Whether lines hold one number with a decimal comma each: what follows it begins with 0 in some."""
    alone = [re.fullmatch(r"-?\d+,(\d+)", line) for line in lines]
    return all(alone) and any(len(x[1]) > 1 and x[1].startswith("0") for x in alone)


def _fits(lines: list[str], layout: Layout, share: float = 0.5) -> bool:
    """Whether most lines have as many fields as a layout, with a number among them."""
    if layout.separator == "," and _decimal_commas(lines[len(lines) // 2 :]):
        return False
    good = 0
    for line in lines:
        fields = _fields(line, layout.separator or ";")
        numbers = any(re.fullmatch(DECIMAL_COMMA + "|" + PLAIN, field) for field in fields)
        good += numbers and len(fields) - len(layout.names) in (0, 1)
    return good >= share * len(lines)


RATE = re.compile(
    r"(?:\bfs|rate|frequency|frequenz|fréquence)\W{0,4}(\d+(?:\.\d+)?)"
    r"|\b(\d+(?:\.\d+)?)\s?(?:Hz|hertz)\b",
    re.IGNORECASE,
)
"""How the lines before a table tell its sampling rate."""


def head_rate(layout: Layout) -> float | None:
    """Return the sampling rate, Hz, that the lines before the table tell; None if none or several."""
    rates = {float(found[1] or found[2]) for line in layout.head for found in RATE.finditer(line)}
    return rates.pop() if len(rates) == 1 else None


def head_unit(layout: Layout) -> str:
    """Return the unit that stands in the lines before the table, as Unit,µV; empty if there is none."""
    found = [re.search(r"(?:unit|einheit|unité)\w*\W{1,3}([munµμ]?V)\W*$", x, re.I) for x in layout.head]
    units = {x[1] for x in found if x}
    return units.pop() if len(units) == 1 else ""


def _is_word(text: str) -> bool:
    """Whether a text is neither number nor lost sample, as in a row of units."""
    lost = not text or text.casefold() in ("nan", "na", "null", "none", *LOST)
    return not lost and not re.match(r"[-+]?[.,]?\d", text)


def _after(head: bytes, start: int, path: Path, line: int) -> int:
    """Return where the next line starts."""
    stop = head.find(b"\n", start)
    stop = len(head) - 1 if stop < 0 else stop
    if stop - start > LONGEST_LINE:
        raise DataError(f"{path}, line {line}: longer than {LONGEST_LINE} bytes; is it a table?")
    if b"\r" in head[start:stop].rstrip(b"\r"):
        raise _carriage_return(path, line)
    return stop + 1


def _no_data(path: Path) -> DataError:
    return DataError(f"{path}: no line of data in it")


def _carriage_return(path: Path, line: int) -> DataError:
    return DataError(f"{path}, line {line}: a carriage return within it; end each line with a line feed")


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def _fields(line: str, separator: str) -> list[str]:
    """Return the words between separators that do not stand in quotation marks."""
    if separator == BLANK:
        return line.split()
    words = next(csv.reader([line], delimiter=separator), [""])
    return [word.strip().strip("\"'").strip() for word in words]


def find_column(layout: Layout, column: str | None, path: Path) -> int:
    """Return the index of a column: by its name, else by its number from 1.

    Without either the only one is taken that neither counts lines nor holds times, or that is called ECG or
    by a limb lead.

    Raises:
        DataError: there is no such column, or several.
    """
    names = layout.names
    count = names.count(column) if column is not None else 0
    if count > 1:
        raise DataError(f"{path}: {count} columns are called '{column}'; choose one by its number from 1")
    if count == 1:
        return names.index(column)
    if column is not None and column.isdecimal() and 1 <= int(column) <= len(names):
        return int(column) - 1
    if column is None:
        likely = [i for i, x in enumerate(names) if not is_time(x) and x.casefold() not in COUNTERS]
        called = [i for i in likely if re.search(ECG_NAMES, names[i], re.IGNORECASE)]
        for found in (likely, called):
            if len(found) == 1 and len(names) - len(likely) < len(names):
                return found[0]
    asked = "no column named" if column is None else f"no column '{column}'"
    known = ", ".join(f"{i} '{name}'" for i, name in enumerate(names, 1))[:200]
    raise DataError(f"{path}, line {layout.line}: {asked}; choose by name or number with --column: {known}")


def read_column(
    path: Path, layout: Layout, column: int, *, fs: float, decimal: str | None, time: str | None
) -> Table:
    """Read a column into a file without a name, with NaN where the times of the lines leave a gap.

    Args:
        path: the table.
        layout: from `find_layout`.
        column: index of the ECG.
        fs: sampling rate, Hz.
        decimal: "." (commas part thousands) or ","; None to find out.
        time: name of the column with the times, or "none"; None to find out.

    Raises:
        DataError: with the line and what is wrong with it.
    """
    spool, style, clock, notes, line = Spool(), Style(decimal or ""), None, [], layout.line
    for block in blocks(path, layout):
        check_fields(path, block, layout, line)
        values, style = numbers(path, partial(read_block, block, layout, column), style, line)
        if line == layout.line:
            clock, notes = find_clock(path, layout.names, partial(read_times, path, block, layout), fs, time)
        if clock is not None:
            values, clock = clock.with_gaps(values, read_times(path, block, layout, clock.column), line)
        line += block.count(b"\n")
        try:
            with np.errstate(over="ignore"):  # infinite, so lost
                spool.append(values.astype(np.float32))
        except OSError as error:
            raise DataError(
                f"{path}: its samples do not fit into {tempfile.gettempdir()} ({error.strerror}); "
                "name another folder in TMPDIR"
            ) from error
    if style.comma:
        use = "decimal commas" if style.comma == "," else "separators of thousands"
        notes = [*notes, f"commas in column '{layout.names[column]}' are read as {use}"]
    return Table(spool, notes + ([] if clock is None else clock.notes()))


def blocks(path: Path, layout: Layout) -> Iterator[bytes]:
    """Yield the data of a table in blocks of whole lines.

    Raises:
        DataError: a line is too long, there is none, or the file changed while it was read.
    """
    with path.open("rb") as file:
        before = os.fstat(file.fileno())
        rest, line = b"", layout.line
        file.seek(layout.start)
        while file.tell() < before.st_size:
            # no more than there was at first: a file may grow faster than it is read
            data = rest + file.read(min(BLOCK, before.st_size - file.tell()))
            stop = data.rfind(b"\n") + 1 if file.tell() < before.st_size else len(data)
            block, rest = data[:stop], data[stop:]
            if len(rest) > LONGEST_LINE:
                raise _too_long(path, line + block.count(b"\n"))
            if block and not block.endswith(b"\n"):
                block += b"\n"
            if layout.separator == BLANK:
                block = re.sub(rb"(?m)^ | (?=\r?$)", b"", re.sub(rb"[ \t]+", b" ", block))
            if block:
                yield block
            line += block.count(b"\n")
        after = os.fstat(file.fileno())
    if line == layout.line:
        raise _no_data(path)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise DataError(f"{path}: it changes while it is read; try again when its recording has ended")


def check_fields(path: Path, block: bytes, layout: Layout, line: int) -> None:
    """Refuse a block with a line that is too long, or has not as many fields as there are names.

    A line may end in one separator more than the header, and may be blank: then its sample is lost.

    Args:
        path: the table, for the message.
        block: whole lines.
        layout: of the table.
        line: number of the first line, for the message.

    Raises:
        DataError: with the line and what is wrong with it.
    """
    data = np.frombuffer(block, dtype=np.uint8)
    ends = np.flatnonzero(data == ord("\n"))
    starts = np.concatenate([[0], ends[:-1] + 1])
    if (long := ends - starts > LONGEST_LINE).any():
        raise _too_long(path, line + int(long.argmax()))
    if b"\0" in block:
        at = line + block.count(b"\n", 0, block.index(b"\0"))
        raise DataError(f"{path}, line {at}: holds bytes that are no text; it is damaged")
    if b"\r" in block and block.count(b"\r") != block.count(b"\r\n"):
        at = line + block.count(b"\n", 0, re.search(rb"\r(?!\n)", block).start())
        raise _carriage_return(path, at)
    for separator in layout.separator or ";\t":
        inside = np.flatnonzero(data == ord(separator))
        if b'"' in block:
            quotes = np.cumsum(data == ord('"'))
            if (odd := quotes[ends] % 2 == 1).any():
                raise DataError(f"{path}, line {line + int(odd.argmax())}: a quotation mark is not closed")
            inside = inside[quotes[inside] % 2 == 0]
        count = np.diff(np.searchsorted(inside, ends), prepend=0)
        expected = max(len(layout.names) - 1, 0)
        if (count == expected).all():
            continue
        last = np.maximum(ends - 1 - (data[np.maximum(ends - 1, 0)] == ord("\r")), starts)
        trailing = (count == expected + 1) & (data[last] == ord(separator)) & bool(layout.separator)
        blank = data[starts] == ord("\n")
        blank |= (data[starts] == ord("\r")) & (ends - starts == 1)
        if (wrong := (count != expected) & ~trailing & ~blank).any():
            at = int(wrong.argmax())
            text = _decoded(block[starts[at] : ends[at]]).strip()
            raise _unequal_fields(f"{path}, line {line + at}", text, int(count[at]) + 1, layout)


def _unequal_fields(where: str, text: str, found: int, layout: Layout) -> DataError:
    known = f"there {'is 1 column' if len(layout.names) == 1 else f'are {len(layout.names)} columns'}"
    if found < len(layout.names):
        return DataError(f"{where}: {found} fields, {known}; it is cut short or damaged: '{text[:60]}'")
    hint = "mend it, or remove it"
    if layout.separator == "," and re.search(r"\d,\d", text):
        hint = "for decimal commas save it with ; between the columns, else mend the line"
    return DataError(f"{where}: {found} fields, {known}; {hint}: '{text[:60]}'")


def _too_long(path: Path, line: int) -> DataError:
    return DataError(f"{path}, line {line}: longer than {LONGEST_LINE} bytes; it is no table of samples")


def read_block(block: bytes, layout: Layout, column: int, dtype: type, decimal: str = ".") -> np.ndarray:
    """Return a column of whole lines, `(n,)`: float64 with NaN where it is lost, or words.

    Raises:
        ValueError: numbers are asked for, and it holds something else.
    """
    import pandas as pd

    if not block.strip():  # pandas finds no column in blank lines
        return np.full(block.count(b"\n"), np.nan)
    table = pd.read_csv(
        io.BytesIO(block),
        sep=layout.separator or ";",
        header=None,
        names=range(len(layout.names)),
        usecols=[column],
        index_col=False,  # lines may end with one separator more
        dtype=dtype,
        skip_blank_lines=False,  # with one column a lost sample is a blank line
        na_values=LOST,
        decimal=decimal,
        encoding="latin-1",
    )
    return table[column].to_numpy()


def read_times(path: Path, block: bytes, layout: Layout, column: int) -> np.ndarray:
    """Return a column of times of whole lines, `(n,)` float64: numbers as they are, dates in seconds.

    Args:
        path: the table, for the message.
        block: whole lines.
        layout: of the table.
        column: index of the times.

    Returns:
        NaN for what is no time.
    """
    with guarded(path):
        for decimal in ".,":
            with contextlib.suppress(ValueError):
                return read_block(block, layout, column, np.float64, decimal)
        return clock_times(_words(read_block(block, layout, column, str)))


def _words(column: np.ndarray) -> np.ndarray:
    """Return a column as words without blanks around them, empty where it is lost."""
    return np.char.strip(np.where(column != column, "", column).astype(str))  # NaN differs from itself


@dataclass(frozen=True)
class Style:
    """How the numbers of a column are written.

    Attributes:
        comma: what commas are: "," decimal ones, "." between thousands, empty: there was none yet.
        points: whether there were decimal points.
    """

    comma: str
    points: bool = False


def numbers(path: Path, read: Callable[..., np.ndarray], style: Style, line: int) -> tuple[np.ndarray, Style]:
    """Return the numbers of a column, and how they are written.

    Args:
        path: the table, for the message.
        read: gives the column by `dtype` and `decimal`, as `read_block`.
        style: of the lines before.
        line: number of the first line, for the message.

    Returns:
        `(n,)` float64, NaN where they are lost, and the style.

    Raises:
        DataError: a word is no number, or may be two.
    """
    with guarded(path), contextlib.suppress(ValueError):
        values = read(np.float64, "," if style.comma == "," else ".")
        fractions = style.comma != "," and bool((values[np.isfinite(values)] % 1 != 0).any())
        return values, replace(style, points=style.points or fractions)
    with guarded(path):
        words = _words(read(str))
    allowed = {
        ",": _matches(words, DECIMAL_COMMA) & (not style.points),
        ".": _matches(words, THOUSANDS),
    }
    possible = [style.comma] if style.comma else [comma for comma in ",." if allowed[comma].all()]
    if len(possible) == 2:
        at = int(np.char.count(words, ",").argmax())
        raise DataError(
            f"{path}, line {line + at}: '{words[at]}' may have a decimal comma or a separator of thousands; "
            "say --decimal , or --decimal ."
        )
    right = allowed[possible[0]] if possible else allowed[","] | allowed["."]
    if not possible and right.all():  # each word is a number in one way or the other
        right = ~(np.char.count(words, ",") > 0)
    if not right.all():
        at = int((~right).argmax())
        raise DataError(
            f"{path}, line {line + at}: '{words[at][:40]}' is no number; mend it, or leave it empty"
        )
    plain = np.char.replace(words, ",", "." if possible[0] == "," else "")
    return np.where(words == "", "nan", plain).astype(np.float64), Style(possible[0], style.points)


def _matches(words: np.ndarray, pattern: str) -> np.ndarray:
    matches = re.compile(f"({pattern})?").fullmatch
    return np.array([matches(word) is not None for word in words.tolist()], dtype=bool)
