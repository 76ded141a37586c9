"""The ECG column of a text table: no line is lost, whatever its separators, decimals and times."""

import contextlib
import io
import os
import re
import tempfile
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from arrhythmia.errors import DataError
from arrhythmia.formats.csv_head import COMMENT, is_setting
from arrhythmia.formats.csv_layout import (
    BLANK,
    COMMA_THOUSANDS,
    LONGEST_LINE,
    LOST,
    MINUS,
    POINT_THOUSANDS,
    Layout,
    carriage_return,
    decoded,
    no_data,
)
from arrhythmia.formats.dates import SEEN_WORDS, clock_times
from arrhythmia.formats.guard import guarded
from arrhythmia.formats.timestamps import find_clock

BLOCK = 1 << 22
"""Bytes of a file that are read at a time."""

OUTER = 50
"""Lines at each end of a table by which its times are known: some may be lost, and the last one cut."""

GROUPED = {
    ",": r"[-+]?[1-9]\d{0,2}(,\d{3})+\.\d*|[-+]?[1-9]\d{0,2}(,\d{3}){2,}",
    ".": r"[-+]?[1-9]\d{0,2}(\.\d{3})+,\d*|[-+]?[1-9]\d{0,2}(\.\d{3}){2,}",
}
"""Numbers that can only have a comma, or a point, between thousands."""

MOST = 0.95
"""Share of the words of a column that are numbers where it holds numbers."""


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

    def append_with_gaps(self, values: np.ndarray, missing: np.ndarray) -> None:
        """Add `(n,)` float32, and NaN for the `(n,)` samples that are missing before each of them."""
        done, lost = 0, np.full(BLOCK // 4, np.nan, dtype=np.float32)
        for at in np.flatnonzero(missing).tolist():
            self.append(values[done:at])
            for start in range(0, int(missing[at]), len(lost)):  # a gap of a day is no matter of memory
                self.append(lost[: int(missing[at]) - start])
            done = at
        self.append(values[done:])

    def read(self, start: int, stop: int) -> np.ndarray:
        """Return the samples from `start` to before `stop`, float32."""
        there = os.pread(self._file, 4 * (stop - start), 4 * start)
        return np.frombuffer(there, dtype=np.float32).copy()


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
    labchart, comments = any(map(is_setting, layout.head)), 0
    ends = outer_lines(path, layout)
    ends = without_comments(ends)[0] if labchart else ends
    for whole in blocks(path, layout):
        block, here = without_comments(whole) if labchart else (whole, 0)
        comments += here
        check_fields(path, block, layout, line)
        values, style = numbers(path, partial(read_block, block, layout, column), style, line)
        sample = ~(layout.spaced & blank_lines(block))

        def times(
            index: int, most: int | None = None, block: bytes = block, sample: np.ndarray = sample
        ) -> np.ndarray:
            part = block if most is None else b"".join(block.splitlines(keepends=True)[:most])
            return read_times(path, part, layout, index, ends)[sample[:most]]

        values = values[sample]
        if clock is None and line == layout.line:
            clock, notes = find_clock(path, layout.names, times, fs, time)
        missing = np.zeros(len(values), dtype=np.int64)
        if clock is not None and len(values):
            missing, clock = clock.missing(times(clock.column), line)
        line += block.count(b"\n")
        try:
            with np.errstate(over="ignore"):  # infinite, so lost
                spool.append_with_gaps(values.astype(np.float32), missing)
        except OSError as error:
            raise DataError(
                f"{path}: its samples do not fit into {tempfile.gettempdir()} ({error.strerror}); "
                "name another folder in TMPDIR"
            ) from error
    if comments:
        notes = [*notes, f"comments at the ends of {comments} lines are not read"]
    if style.grouped:
        notes = [*notes, f"points in column '{layout.names[column]}' are read as separators of thousands"]
    elif style.comma:
        use = "decimal commas" if style.comma == "," else "separators of thousands"
        notes = [*notes, f"commas in column '{layout.names[column]}' are read as {use}"]
    return Table(spool, notes + ([] if clock is None else clock.notes()))


def without_comments(block: bytes) -> tuple[bytes, int]:
    """Return whole lines without the comments that LabChart writes behind a sample, and their number."""
    return re.subn(COMMENT.encode(), b"", block) if b"\t#" in block else (block, 0)


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
            if block:
                yield _whole_lines(block, layout)
            line += block.count(b"\n")
        after = os.fstat(file.fileno())
    if line == layout.line:
        raise no_data(path)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise DataError(f"{path}: it changes while it is read; try again when its recording has ended")


def outer_lines(path: Path, layout: Layout) -> bytes:
    """Return the first and the last lines of the data of a table, `OUTER` each at most."""
    with path.open("rb") as file:
        file.seek(layout.start)
        first = file.read(LONGEST_LINE).splitlines(keepends=True)[:OUTER]
        size = os.fstat(file.fileno()).st_size
        file.seek(max(layout.start, size - LONGEST_LINE))
        last = file.read(LONGEST_LINE).splitlines(keepends=True)[-OUTER:]
    return b"".join(_whole_lines(line, layout) for line in first + last)


def _whole_lines(block: bytes, layout: Layout) -> bytes:
    """Return lines of which the last one ends too, with `-` for a minus and one blank where blanks part."""
    block = (block if block.endswith(b"\n") else block + b"\n").replace(MINUS, b"-")
    if layout.separator == BLANK:
        block = re.sub(rb"(?m)^ | (?=\r?$)", b"", re.sub(rb"[ \t]+", b" ", block))
    return block


def check_fields(path: Path, block: bytes, layout: Layout, line: int) -> None:
    """Refuse a block with a line that is too long or has not as many fields as there are names.

    Bytes that are no text, carriage returns and quotation marks that are not closed are refused too.

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
        raise carriage_return(path, at)
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
        if (wrong := (count != expected) & ~trailing & ~blank_lines(block)).any():
            at = int(wrong.argmax())
            text = decoded(block[starts[at] : ends[at]]).strip()
            raise _unequal_fields(f"{path}, line {line + at}", text, int(count[at]) + 1, layout)


def blank_lines(block: bytes) -> np.ndarray:
    """Return which lines of a block of whole lines are blank, `(n,)` bool."""
    data = np.frombuffer(block, dtype=np.uint8)
    ends = np.flatnonzero(data == ord("\n"))
    length = np.diff(ends, prepend=-1) - 1
    return (length == 0) | ((length == 1) & (data[np.maximum(ends - 1, 0)] == ord("\r")))


def _unequal_fields(where: str, text: str, found: int, layout: Layout) -> DataError:
    if is_setting(text):
        return DataError(f"{where}: a second block begins, '{text[:30]}'; save each block as a file")
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


def read_times(path: Path, block: bytes, layout: Layout, column: int, ends: bytes) -> np.ndarray:
    """Return a column of times of whole lines, `(n,)` float64: numbers as they are, dates in seconds.

    Args:
        path: the table, for the message.
        block: whole lines.
        layout: of the table.
        column: index of the times.
        ends: first and last lines of the table, which tell how times are written that fit more than one way.

    Returns:
        NaN for what is no time.
    """
    outer = np.empty(0, dtype=str)
    with contextlib.suppress(ValueError):  # a line that is cut
        outer = _words(read_block(ends, layout, column, str))
    outer = outer[outer != ""]
    grouped = next((mark for mark in ",." if _parts_thousands(outer, mark)), None)
    with guarded(path):
        for decimal in "" if grouped else ".,":
            with contextlib.suppress(ValueError):
                return read_block(block, layout, column, np.float64, decimal)
        words = _words(read_block(block, layout, column, str))
    commas = (np.char.count(outer, ",") > 0).any()
    for mark in grouped or (".," if commas else ",."):
        times = _numbers_but_for_few(words, POINT_THOUSANDS if mark == "," else COMMA_THOUSANDS, mark)
        if times is not None:
            return times
    return clock_times(words, outer)


def _parts_thousands(words: np.ndarray, mark: str) -> bool:
    """Whether in `(n,)` words `mark` parts thousands: 1,000.5 or 1,000,000, or both 999 and 1,000."""
    if _matches(words, GROUPED[mark]).any():
        return True
    marked = np.char.count(words, mark) > 0
    thousands = rf"[1-9]\d{{0,2}}(\{mark}\d{{3}})+"
    plain, parted = _matches(words[~marked], r"\d{1,3}"), _matches(words[marked], thousands)
    return bool(marked.any() and plain.any() and plain.mean() >= MOST and parted.mean() >= MOST)


def _numbers_but_for_few(words: np.ndarray, pattern: str, mark: str) -> np.ndarray | None:
    """Return numbers in which `mark` parts thousands, NaN for a few other words; None if these are many.

    Args:
        words: `(n,)`.
        pattern: of the numbers.
        mark: point or comma.
    """
    filled = words != ""
    if not filled.any():
        return np.full(len(words), np.nan)
    if _matches(words[filled][:SEEN_WORDS], pattern).mean() < MOST:  # quick to say of dates
        return None
    known = _matches(words, pattern) & filled
    if known.sum() < MOST * filled.sum():
        return None
    plain = np.char.replace(np.char.replace(words, mark, ""), ",", ".")
    return np.where(known, plain, "nan").astype(np.float64)


def _words(column: np.ndarray) -> np.ndarray:
    """Return a column as words without blanks around them, empty where it is lost."""
    return np.char.strip(np.where(column != column, "", column).astype(str))  # NaN differs from itself


@dataclass(frozen=True)
class Style:
    """How the numbers of a column are written.

    Attributes:
        comma: what commas are: "," decimal ones, "." between thousands; empty while there was none.
        points: whether there were decimal points.
        grouped: whether there were points between thousands.
    """

    comma: str
    points: bool = False
    grouped: bool = False


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
        decided = bool(style.comma) or style.points
        if decided or not (_may_be_thousands(values) and _are_thousands(_words(read(str)))):
            return values, replace(style, points=style.points or fractions)
        style = replace(style, comma=",")
    with guarded(path):
        words = _words(read(str))
    allowed = {
        ",": _matches(words, COMMA_THOUSANDS) & (not style.points),
        ".": _matches(words, POINT_THOUSANDS),
    }
    possible = [style.comma] if style.comma else [comma for comma in ",." if allowed[comma].all()]
    if len(possible) == 2:
        at = int(np.char.count(words, ",").argmax())
        raise DataError(
            f"{path}, line {line + at}: '{_said(words[at])}' may have a decimal comma or a separator of "
            "thousands; say --decimal , or --decimal ."
        )
    right = allowed[possible[0]] if possible else allowed[","] | allowed["."]
    if not possible and right.all():  # each word is a number in one way or the other
        right = ~(np.char.count(words, ",") > 0)
    if not right.all():
        at = int((~right).argmax())
        raise DataError(
            f"{path}, line {line + at}: '{_said(words[at])}' is no number; mend it, or leave it empty"
        )
    grouped = possible[0] == "," and bool((np.char.count(words, ".") > 0).any())
    plain = np.char.replace(words, "." if possible[0] == "," else ",", "")
    values = np.where(words == "", "nan", np.char.replace(plain, ",", ".")).astype(np.float64)
    return values, Style(possible[0], style.points, style.grouped or grouped)


def _may_be_thousands(values: np.ndarray) -> bool:
    """Whether numbers may have points between thousands: the others are below 1000."""
    known = np.abs(values[np.isfinite(values)])
    whole = known % 1 == 0
    least, most = known[~whole].min(initial=np.inf), known[whole].max(initial=-1.0)
    thousandths = np.abs(1000 * known - np.round(1000 * known)).max(initial=0.0) < 1e-6
    return bool(1 <= least < np.inf and 0 <= most < 1000 and thousandths)


def _are_thousands(words: np.ndarray) -> bool:
    """Whether three digits follow each point, as between thousands, and some words have none."""
    words = words[words != ""]
    points = np.char.count(words, ".") > 0
    return not points.all() and bool(_matches(words[points], r"[-+]?[1-9]\d{0,2}(\.\d{3})+").all())


def _said(word: str) -> str:
    """Return a word as a person wrote it, 40 letters at most; it was read byte by byte."""
    return word.encode("latin-1", "replace").decode("utf-8", "replace")[:40]


def _matches(words: np.ndarray, pattern: str) -> np.ndarray:
    matches = re.compile(f"({pattern})?").fullmatch
    return np.array([matches(word) is not None for word in words.tolist()], dtype=bool)
