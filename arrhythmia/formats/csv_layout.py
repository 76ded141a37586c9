"""How a text table is laid out: its columns, what parts them, and what the lines before it tell."""

import contextlib
import csv
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

from arrhythmia.errors import DataError
from arrhythmia.formats.timestamps import is_time

SEPARATORS = ",;\t"

BLANK = " "
"""The separator of a table whose columns are parted by blanks, one or several."""

LONGEST_LINE = 100_000
"""Bytes; a line of a million fields would take gigabytes."""

LEAST_LINES = 4
"""Lines of data that a table has at least, if other lines before it are passed over."""

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
"""Numbers with a decimal point, and with a decimal comma."""


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
        passed.append(decoded(head[start:stop]).strip())
        start, line = stop, line + 1
    if not head[start : _after(head, start, path, line)]:
        raise no_data(path)
    found = _table_at(head, start, path, line, decimal)
    if len(lines := _following(head, found.start)) >= LEAST_LINES and not _fits(lines, found):
        later, at = start, line
        while at < line + LONGEST_HEAD and later < len(head):
            passed.append(decoded(head[later : (stop := _after(head, later, path, at))]).strip())
            later, at = stop, at + 1
            if not head[later:].lstrip(b"\r\n") or head.startswith((b"\n", b"\r\n"), later):
                continue
            table = _table_at(head, later, path, at, decimal)
            if len(lines := _following(head, table.start)) >= LEAST_LINES and _fits(lines, table, share=1.0):
                return replace(table, head=tuple(passed))
    return replace(found, head=tuple(passed), names=opensignals_names(passed, found.names))


def opensignals_names(head: list[str], names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the columns of a file of OpenSignals, which a line of JSON before the table tells.

    A channel is called by its label and its sensor, as `A1 ECG`.

    Args:
        head: lines before the table.
        names: as they are without that line; returned where none tells as many columns.
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
    text = decoded(first).rstrip("\r\n")
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
    words = _fields(decoded(second).rstrip("\r\n"), separator or ",")
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
    return [text for line in lines if (text := decoded(line).strip())]


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
        raise carriage_return(path, line)
    return stop + 1


def no_data(path: Path) -> DataError:
    """Return what is said of a table without a line of data."""
    return DataError(f"{path}: no line of data in it")


def carriage_return(path: Path, line: int) -> DataError:
    """Return what is said of a line with a carriage return within it."""
    return DataError(f"{path}, line {line}: a carriage return within it; end each line with a line feed")


def decoded(line: bytes) -> str:
    """Return a line as text; other than UTF-8 is read as Windows' code page 1252."""
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

    Without either the only one that neither counts lines nor holds times, else the only such one that is
    called ECG, EKG, II or MLII.

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
            if len(found) == 1:
                return found[0]
    asked = "no column named" if column is None else f"no column '{column}'"
    known = ", ".join(f"{i} '{name}'" for i, name in enumerate(names, 1))[:200]
    raise DataError(f"{path}, line {layout.line}: {asked}; choose by name or number with --column: {known}")
