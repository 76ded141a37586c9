"""Dates and times of day of a text table, in seconds."""

import re
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

DAY = 86400.0
"""A day, s: times of day begin anew after it."""

DATES = {
    r"\d{4}-\d\d-\d\d": ("ISO8601",),
    r"\d{4}/\d{1,2}/\d{1,2}": ("%Y/%m/%d",),
    r"\d{8}[ T]": ("%Y%m%d",),
    r"\d{1,2}\.\d{1,2}\.\d{4}": ("%d.%m.%Y",),
    r"\d{1,2}\.\d{1,2}\.\d\d\b": ("%d.%m.%y",),
    r"\d{1,2}-[A-Za-z]{3}-\d{4}": ("%d-%b-%Y",),
    r"\d{1,2}-[A-Za-z]{3}-\d\d\b": ("%d-%b-%y",),
    r"[A-Za-z]{3} \d{1,2} \d{4}": ("%b %d %Y",),
    # it only matters at midnight which of both it is
    r"\d{1,2}-\d{1,2}-\d{4}": ("%d-%m-%Y", "%m-%d-%Y"),
    r"\d{1,2}/\d{1,2}/\d{4}": ("%m/%d/%Y", "%d/%m/%Y"),
    r"\d{1,2}/\d{1,2}/\d\d\b": ("%m/%d/%y", "%d/%m/%y", "%y/%m/%d"),
}
"""How dates begin, and their formats."""

TIMES = ("%H:%M:%S", "%H:%M:%S.%f", "%I:%M:%S %p", "%I:%M:%S.%f %p")
"""Times of day after a date."""

REWRITTEN = {
    r"(?<=:\d\d:\d\d):(?=\d)": ".",  # milliseconds behind a colon
    r"(?<=\d[/.-]\d\d)-(?=\d\d:\d\d:)": " ",  # a hyphen between date and time
    r" ?(?:[A-Z]{3,5}|\[\w+/\w+\]?)$": "",  # a time zone: all times have the same
    r"(?<=\d) ?(?:sec|ms|us|µs|s)$": "",  # a unit behind each number
}
"""What stands otherwise in some tables, and how pandas reads it."""

TIME_OF_DAY = re.compile(
    r"(?:(?P<day>\d+)(?: days?[.,]? *|\.(?=\d+:\d+:)))?(?P<hour>\d+:)?(?P<minute>\d+:)(?P<second>\d+)"
    r"(?:[.:](?P<fraction>\d*))?(?P<half> ?[AP]M)?( +\d+[/.-]\d+[/.-]\d+)?",
    re.IGNORECASE,
)
"""A time of day without a date, or before one; or the days, hours, minutes and seconds gone by."""

SEEN_WORDS = 200
"""Words that are looked at to tell how they are written."""


def clock_times(words: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return dates and times of day in seconds, numbers with a unit without it, `(n,)` float64; else NaN.

    Args:
        words: `(n,)`, such as 2024-01-02T03:04:05.678 or 1:02:03.456; day and year may stand as `DATES` says.
        ends: `(m,)` the first and the last ones of the table: 3/4 and 4/4 tell whether the day is first.
    """
    import pandas as pd

    words, ends = (np.char.replace(np.char.strip(x, "\"' []"), ",", ".") for x in (words, ends))
    for pattern, plain in REWRITTEN.items():
        if any(re.search(pattern, word) for word in words[:SEEN_WORDS].tolist()):
            words, ends = (
                np.array(pd.Series(x, dtype=str).str.replace(pattern, plain, regex=True), str)
                for x in (words, ends)
            )
    first = [*ends.tolist(), *words[:SEEN_WORDS].tolist()]
    dates = next((forms for date, forms in DATES.items() if any(re.match(date, x) for x in first)), ())

    def read(form: str, words: Sequence[str]) -> np.ndarray:
        moments = pd.to_datetime(pd.Series(words), format=form, errors="coerce", utc=True)
        return (moments - pd.Timestamp(0, tz="UTC")).dt.total_seconds().to_numpy()

    if not dates:
        return _times_of_day(words, partial(read, "ISO8601"))
    formats = [date if date == "ISO8601" else f"{date} {time}" for date in dates for time in TIMES]

    def likely(form: str) -> tuple[int, float]:
        seconds = read(form, first)
        known = seconds[: len(ends)][np.isfinite(seconds[: len(ends)])]
        span = known[-1] - known[0] if len(known) else -1.0
        return int(np.isfinite(seconds).sum()), -span if span >= -1 else -np.inf

    return read(max(dict.fromkeys(formats), key=likely), words)


def _times_of_day(words: np.ndarray, read: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return times of day without a date, and numbers, `(n,)`; `read` takes dates in ISO 8601."""
    seconds, usual = np.full(len(words), np.nan), np.char.count(words, ":") == 2
    clock = np.where(np.char.find(words, ":") == 1, np.char.add("0", words), words)[usual]
    seconds[usual] = read(np.char.add("1970-01-01T", clock))  # quick; it knows no other ways
    for i in np.flatnonzero(np.isnan(seconds)).tolist():
        seconds[i] = _time_of_day(words[i])
    return seconds


def _time_of_day(word: str) -> float:
    """Return the seconds of 1:02:03.456, 1:02:03.4 PM, 1 day, 0:00:01 or 1.00:00:01; a number; else NaN."""
    known = TIME_OF_DAY.fullmatch(word)
    if known is None:
        return float(word) if re.fullmatch(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?", word) else np.nan
    hour, minute = (int((known[name] or "0").rstrip(":")) for name in ("hour", "minute"))
    if known["half"]:
        hour = hour % 12 + (12 if "P" in known["half"].upper() else 0)
    seconds = float(f"{known['second']}.{known['fraction'] or 0}")
    return DAY * int(known["day"] or 0) + 3600.0 * hour + 60.0 * minute + seconds
