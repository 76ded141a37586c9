"""How a text table is laid out: its columns, what parts them, and what the lines before it tell."""

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from arrhythmia.errors import DataError
from arrhythmia.formats.csv_head import COMMENT, is_acqknowledge, is_setting, told_columns
from arrhythmia.formats.leads import (
    CALLED,
    is_other,
    is_other_quantity,
    is_voltage,
    lead_rank,
    may_stand_alone,
    unit_of,
)
from arrhythmia.formats.timestamps import is_time

SEPARATORS = ",;\t"

BLANK = " "
"""The separator of a table whose columns are parted by blanks, one or several."""

LONGEST_LINE = 100_000
"""Bytes; a line of a million fields would take gigabytes."""

LEAST_LINES = 4
"""Lines of data that a table has at least, if other lines before it are passed over."""

HEAD = 4 * LONGEST_LINE
"""Bytes of a file that are looked at for its layout."""

LONGEST_HEAD = 100
"""Lines before a table that are looked through."""

COUNTERS = ("i", "n", "nr", "no", "nseq", "index", "idx", "sample", "samples", "sample #", "#", "")
"""Names of columns that count lines."""

MINUS = "\u2212".encode()
"""The sign of a negative number where a program writes it as typographers do; read as `-`."""

LOST = ["-", "--", "?"]
"""What stands for a lost sample, beside nothing, NaN and the like."""

LOST_WORDS = ("nan", "na", "n/a", "#n/a", "<na>", "null", "none", "inf", "-inf", *LOST)
"""The same in full, in small letters."""

PLAIN = r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?"
DECIMAL_COMMA = r"[-+]?(\d+(,\d*)?|,\d+)([eE][-+]?\d+)?"
"""Numbers with a decimal point, and with a decimal comma."""

POINT_THOUSANDS = r"[-+]?([1-9]\d{0,2}(,\d{3})+(\.\d*)?|\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?"
COMMA_THOUSANDS = r"[-+]?([1-9]\d{0,2}(\.\d{3})+(,\d*)?|\d+(,\d*)?|,\d+)([eE][-+]?\d+)?"
"""The same, with or without separators of thousands."""

NUMBER = re.compile(f"{POINT_THOUSANDS}|{COMMA_THOUSANDS}")
DATE = r"\d{1,4}[-/.](\d{1,2}|[A-Z]{3})[-/.]\d{1,4}"
CLOCK = r"\d+:\d\d(:\d\d([.,:]\d*)?)?( ?[AP]M)?"
MOMENT = re.compile(
    rf"\[?({DATE}([T ]+{CLOCK})?|{CLOCK}([ ]+{DATE})?)( ?(Z|UTC|[-+]\d\d:?\d\d))?\]?", re.IGNORECASE
)
"""A number in any of these ways; a date, a time of day, and both together."""

TIME_UNIT = "s|secs?|seconds?|milliSec|ms|msec|[unµμ]s|min|h|d"
"""What stands there below the name of a column of times."""

UNIT = re.compile(
    rf"{TIME_UNIT}|[hydms]{{2,4}}[/:.-].*|n|counts?|adu|a\.?u\.?|no units?|-|",
    re.IGNORECASE,
)
"""What stands below the name of a column in a row of units, beside voltages and other quantities."""

NO_TABLE = {
    rb"PK\x03\x04": "a ZIP archive, as Excel writes it; save its table as CSV",
    rb"\x1f\x8b": "compressed by gzip; unpack it first",
    rb"\xff\xfe|\xfe\xff": "no text in UTF-8 but in UTF-16; save it as such: iconv -f UTF-16 -t UTF-8",
    rb"\s*(\{|\[[\[{\"])": "JSON, no table; write one sample a line",
    rb"\s*<": "a web page or XML, no table",
    rb"version https://git-lfs": "a pointer of Git LFS; fetch the file with git lfs pull",
}
"""How files begin that are no tables, and what is said of them."""

SEEN_LINES = 200
"""Lines of a table that are looked at to tell how it is laid out."""


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
        spaced: whether every second line is blank: else a blank line is a lost sample.
        passed: the line of numbers before the data that holds no samples; empty if there is none.
    """

    names: tuple[str, ...]
    separator: str
    start: int
    line: int
    units: tuple[str, ...]
    head: tuple[str, ...] = ()
    spaced: bool = False
    passed: str = ""


def find_layout(path: Path, *, decimal: str | None) -> Layout:
    """Find the names of the columns, what parts them, and where the data begins.

    The names stand right above the first lines of numbers and times, after # or not, or above their units;
    what is above the names is the head. Where other columns hold words, the number of fields tells the table.
    Numbers with nothing above them that fits have no names.

    Args:
        path: the table.
        decimal: "," if commas are decimal ones, so that they part no columns; None to find out.

    Raises:
        DataError: the file is no text, or has no line of data.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    for beginning, what in NO_TABLE.items():
        if re.match(beginning, head):
            raise DataError(f"{path}: {what}")
    if b"\0" in head[:1000]:
        raise DataError(f"{path}: no text in UTF-8; save it as such")
    start = 3 if head.startswith(b"\xef\xbb\xbf") else 0
    rows = _rows(head, start, path)
    if not rows:
        raise no_data(path)
    found = _above_numbers(rows, decimal) or _by_fields(head, start, path, decimal)
    lines = [row.line for row in rows if row.line >= found.line]
    spaced = len(lines) >= LEAST_LINES and bool(np.median(np.diff(lines)) == 2)
    names, units = told_columns(found.head, found.names, found.units)
    return replace(found, names=names, units=units, spaced=spaced)


@dataclass(frozen=True)
class Row:
    """A line that is not blank: its first byte, the one after its last, its number from 1, and its text."""

    start: int
    stop: int
    line: int
    text: str


@dataclass(frozen=True)
class Columns:
    """How lines of numbers are parted: by what, into how many fields, and up to which one any is filled.

    And whether they begin with a quotation mark, as where R writes a name, or the number, of each line.
    """

    separator: str
    fields: int
    filled: int
    quoted: bool


def _rows(head: bytes, start: int, path: Path) -> list[Row]:
    """Return the first lines of a file that are not blank; none that is cut where `head` ends."""
    rows, line, labchart = [], 1, b"ChannelTitle=\t" in head
    while start < len(head) and len(rows) < LONGEST_HEAD + SEEN_LINES:
        stop = _after(head, start, path, line)
        if (text := decoded(head[start:stop])).strip():
            text = text.rstrip("\r\n")
            rows.append(Row(start, stop, line, re.sub(COMMENT, "", text) if labchart else text))
        start, line = stop, line + 1
    cut = len(head) == HEAD and len(rows) > 1 and rows[-1].stop == len(head)
    return rows[:-1] if cut else rows


def _above_numbers(rows: list[Row], decimal: str | None) -> Layout | None:
    """Return the layout of a table of numbers and times, whose names stand right above the first of them.

    Args:
        rows: first lines of the file.
        decimal: "," if commas part no columns.

    Returns:
        None where no lines of numbers follow one another, or what stands above has fields of another number.
    """
    for place in range(min(len(rows) - LEAST_LINES + 1, LONGEST_HEAD)):
        if found := _columns([row.text for row in rows[place : place + SEEN_LINES]], decimal):
            break
    else:
        return None
    for columns in found:
        while place and _all_data(rows[place - 1].text, columns):  # lost samples, before the first numbers
            place -= 1
        above, first = rows[:place], rows[place]
        told, passed = tuple(row.text for row in above), ""
        fields = [_fields(row.text, columns.separator) for row in rows[place : place + SEEN_LINES]]
        if _no_sample(fields, told):
            passed, first = first.text, rows[place + 1]
        if any(all(map(_is_data, _fields(row.text, columns.separator))) for row in above):
            return None  # a line among the data that is otherwise
        if (named := _named_above(above, columns)) is not None:
            names, units, used = named
            start, line = first.start, first.line
            if len(names) == 1 and not passed:  # blank lines below the name of one column are lost samples
                start, line = above[-1].stop, above[-1].line + 1
            part = columns.separator if columns.fields > 1 else ""
            return Layout(tuple(names), part, start, line, tuple(units), told[:-used], passed=passed)
    columns = found[0]
    nearest = above[-1].text if above else "#"
    if len(_fields(nearest, columns.separator)) > 1 and not (nearest.startswith("#") or is_setting(nearest)):
        return None
    if above and not passed:  # a blank line that a program has filled up with separators is no sample
        first = next(row for row in rows[len(above) :] if any(_fields(row.text, columns.separator)))
    count = columns.filled if columns.fields - columns.filled <= 1 else columns.fields
    numbers, part = tuple(map(str, range(1, count + 1))), columns.separator if columns.fields > 1 else ""
    return Layout(numbers, part, first.start, first.line, ("",) * count, told, passed=passed)


def _columns(lines: list[str], decimal: str | None) -> list[Columns]:
    """Return how the first lines are parted into numbers and times, the most columns first.

    Args:
        lines: of which the first ones must be numbers, and all must have as many fields.
        decimal: "," if commas part no columns.
    """
    found = []
    for separator in (*SEPARATORS, BLANK, ""):
        fields = [_fields(line, separator) for line in lines[:LEAST_LINES]]
        known = all(map(_is_data, (word for words in fields for word in words)))
        if not known or separator == decimal == "," or (separator == BLANK and found and found[0].filled > 1):
            continue
        fields = [_fields(line, separator) for line in lines]
        filled = max((i for words in fields for i, word in enumerate(words, 1) if word), default=1)
        numbers = any(NUMBER.fullmatch(word) for words in fields for word in words)
        quoted = all(line.startswith('"') for line in lines)
        if numbers and len(set(map(len, fields))) == 1:
            columns = Columns(separator, len(fields[0]), filled, quoted)
            found = sorted([*found, columns], key=lambda x: -x.filled)
    known = {columns.separator: columns for columns in found}
    if "," in known and "" in known:  # one column with decimal commas, or two
        found.remove(known["," if _decimal_commas(lines) else ""])
    return found


def _all_data(line: str, columns: Columns) -> bool:
    """Whether a line has as many fields as those of numbers, and no word among them."""
    fields = _fields(line, columns.separator)
    return len(fields) == columns.fields and all(map(_is_data, fields))


def _no_sample(lines: list[list[str]], head: Sequence[str]) -> bool:
    """Whether the first line of numbers holds none: AcqKnowledge counts there, pandas names columns so.

    Args:
        lines: fields of the first lines of numbers.
        head: lines above them.
    """
    first, *below = lines
    words = [word for word in first if word]
    if not words or not all(map(str.isdecimal, words)):
        return False
    if head:
        return len(set(words)) == 1 and is_acqknowledge(head)
    if words != [str(i) for i in range(len(words))]:
        return False
    nothing = any(not word and all(fields[i] for fields in below) for i, word in enumerate(first))
    return nothing or all("." in word or "," in word for fields in below for word in fields)


def _named_above(rows: list[Row], columns: Columns) -> tuple[list[str], list[str], int] | None:
    """Return names and units of columns, and in how many lines they stand right above the numbers; or None.

    The name of a single column has no separator in it, and is no comment: as that it would be anything.
    """
    above = [_names(row.text, columns) for row in rows[-2:]]
    if not above or not _may_be_names(rows[-1].text, above[-1]):
        return None
    names, nothing = above[-1], [""] * len(above[-1])
    if len(names) == 1 and (rows[-1].text.startswith("#") or any(x in rows[-1].text for x in SEPARATORS)):
        return None
    higher = above[0] if len(above) == 2 and _may_be_names(rows[-2].text, above[0]) else None
    if higher and any(names) and _are_units(names, higher) and not re.search(":|=|Hz", rows[-2].text):
        return higher, names, 2
    return names, names if len(names) == 1 and _is_unit(names[0]) else nothing, 1


def _may_be_names(line: str, fields: list[str] | None) -> bool:
    """Whether the fields of a line may be names of columns: none is a number or a moment."""
    if fields is None or is_setting(line):
        return False
    return not any(NUMBER.fullmatch(x) or MOMENT.fullmatch(x) for x in fields)


def _are_units(words: list[str], names: list[str]) -> bool:
    """Whether words are the units of columns: all are known ones, or that of a column of times at least.

    Of a unit that is not known it is not known either whether it is one: no word may be the name of a lead.
    """
    pairs = list(zip(words, names, strict=False))
    if all(map(_is_unit, words)):
        return all(name or not word for word, name in pairs)
    times = [
        re.fullmatch(TIME_UNIT, word.strip("[]() "), re.IGNORECASE) for word, name in pairs if is_time(name)
    ]
    return any(times) and all(all(pair) and lead_rank(pair[0], "") > CALLED for pair in pairs)


def _is_unit(word: str) -> bool:
    bare = word.strip("[]() ")
    return is_voltage(bare) or is_other_quantity(word) or UNIT.fullmatch(bare) is not None


def _names(line: str, columns: Columns) -> list[str] | None:
    """Return the names in a line; None if they are not as many as the columns."""
    fields = _fields(line.lstrip("# "), columns.separator)
    if len(fields) == columns.fields:
        return fields
    if columns.quoted and len(fields) == columns.fields - 1 and line.startswith('"'):
        return ["", *fields]  # R gives the numbers of the lines no name
    while len(fields) > 1 and not fields[-1]:
        fields.pop()
    return fields if columns.fields - len(fields) in (0, 1) and len(fields) >= columns.filled else None


def _is_data(field: str) -> bool:
    """Whether a field is a number, a moment, or a lost sample."""
    lost = not field or field.casefold() in LOST_WORDS
    return lost or NUMBER.fullmatch(field) is not None or MOMENT.fullmatch(field) is not None


def _by_fields(head: bytes, start: int, path: Path, decimal: str | None) -> Layout:
    """Return the layout of a table in which other columns hold words, by the number of its fields."""
    line, passed = 1, []
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
    return replace(found, head=tuple(passed))


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
    first, *below = [_fields(line, BLANK) for line in lines]
    data = next((words for words in below[:2] if re.match(r"[-+.\d]", words[0])), first)
    numbers = [bool(re.fullmatch(f"{PLAIN}|{DECIMAL_COMMA}", word)) for word in data]
    known = all(number or re.fullmatch(r"[\d:.]+", word) for number, word in zip(numbers, data, strict=True))
    return len(first) == len(data) > 1 and any(numbers) and known


def _following(head: bytes, start: int) -> list[str]:
    """Return whole lines that follow a byte, those that are not blank, `SEEN_LINES` at most."""
    lines = head[start : start + LONGEST_LINE].split(b"\n")[:-1][:SEEN_LINES]
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


def _is_word(text: str) -> bool:
    """Whether a text is neither number nor lost sample, as in a row of units."""
    lost = not text or text.casefold() in LOST_WORDS
    return not lost and not re.match(r"[-+]?[.,]?\d", text)


def _after(head: bytes, start: int, path: Path, line: int) -> int:
    """Return where the next line starts."""
    stop = head.find(b"\n", start)
    stop = len(head) - 1 if stop < 0 else stop
    if b"\r" in head[start:stop].rstrip(b"\r"):
        raise carriage_return(path, line)
    if stop - start > LONGEST_LINE:
        raise DataError(f"{path}, line {line}: longer than {LONGEST_LINE} bytes; is it a table?")
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
        return line.replace(MINUS, b"-").decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def _fields(line: str, separator: str) -> list[str]:
    """Return the words between separators that do not stand in quotation marks; one if there is none."""
    if separator == BLANK:
        line = " ".join(line.split())
    words = next(csv.reader([line], delimiter=separator), [""]) if separator else [line]
    return [word.strip().strip("\"'").strip() for word in words]


def find_column(layout: Layout, column: str | None, path: Path) -> int:
    """Return the index of a column: by its name, else by its number from 1.

    Without either the only one that neither counts lines nor holds times or another quantity, else among
    such ones the limb lead that comes first in `choose_lead`, or the only one that is called ECG or EKG.

    Raises:
        DataError: there is no such column, or several.
    """
    column = column and column.replace(MINUS.decode(), "-")  # as the names are read
    names, units = layout.names, layout.units
    count = names.count(column) if column is not None else 0
    if count > 1:
        raise DataError(f"{path}: {count} columns are called '{column}'; choose one by its number from 1")
    if count == 1:
        return names.index(column)
    if column is not None and column.isdecimal() and 1 <= int(column) <= len(names):
        return int(column) - 1
    if column is None:
        leads = any(name != "I" and lead_rank(name, "") not in (CALLED, math.inf) for name in names)
        likely = [
            i
            for i, name in enumerate(names)
            if not (is_time(name) or is_other_quantity(unit_of(name, units[i]), name))
            and (name.casefold() not in COUNTERS or (name == "I" and leads))
        ]
        alone = [i for i in likely if may_stand_alone(names[i])] if len(likely) == 1 else []
        likely = [i for i in likely if not is_other(names[i])] or alone
        ranks = [lead_rank(names[i], "") for i in likely]
        called = [i for i, rank in zip(likely, ranks, strict=True) if rank == min(ranks) <= CALLED]
        for found in (likely, called):
            if len(found) == 1:
                return found[0]
    asked = "no column named" if column is None else f"no column '{column}'"
    known = ", ".join(f"{i} '{name}'" for i, name in enumerate(names, 1))[:200]
    raise DataError(f"{path}, line {layout.line}: {asked}; choose by name or number with --column: {known}")
