"""What the lines above a text table tell: sampling rate, unit, and what the columns are."""

import contextlib
import json
import re
from collections.abc import Sequence

Names = tuple[str, ...]
"""Of columns, or their units."""

RATE = r"[1-9]\d?(?:,\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?"
"""A number in the lines before a table."""

TOLD = rf"(?:\W{{0,4}}(k)?Hz\b)?\W{{0,4}}({RATE})(?!\d*[\s-]?(?:baud|bps|bits?\b(?!\s*[=:,;])))(?:\s?(k)Hz)?"
"""A rate behind its name."""

SAMPLING = re.compile(
    r"(?:\bfs(?=[\s:=,;(\[])|(?:sampl\w*|data|abtast)\W{0,3}(?:rate|freq\w*)|"
    rf"fr[ée]quence d.{{1,3}}chantillonnage|frecuencia de muestreo|frequenza di campionamento){TOLD}",
    re.IGNORECASE,
)
"""How the lines before a table tell its sampling rate."""

SOME_RATE = re.compile(
    rf"(?:rate(?=\W{{0,4}}k?Hz)|frequency|frequenz|fréquence){TOLD}|"
    rf"\b({RATE})\s?(k)?(?:Hz|hert[zs]\w*|hercio\w*|herc\w*|герц\w*|ヘルツ|赫[兹茲]|헤르츠)\b",
    re.IGNORECASE,
)
"""How they tell a rate, which may be another one."""

OTHER_RATE = re.compile(
    r"passe?\b|paso|passa|filt(er|re|ro)|cut\W?off|\b(high|low)\W?(cut|freq\w*\W{0,4}\d)|"
    r"\b(upp|low)er\W(freq|cut|limit|edge)|\bAC\W{0,3}\d|muscle|\b[HL]FF\b|alias|refresh|notch|mains|"
    r"line freq|netz|heart|herz|cardia|puls|resp|\bHR\b|"
    r"\bband\W?(width|breite)|\b[LH]PF?\b\W*\d+([.,]\d+)?\s?Hz|"
    r"\bvent(ilat\w*)?\b|\bventric|\batrial|\bpac(ed|ing)|\bbpm\b|\d\s*(-|–|~|to|bis|\.\.)\s*\d+(\.\d+)?\s*Hz",
    re.IGNORECASE,
)
"""Words of lines that tell another rate: of a filter, of mains, of the heart."""

INTERVAL = re.compile(
    rf"(?:(?:sampl\w*|abtast)\W{{0,3}}(?:interval|period)\w*|^\W*interval)\W{{0,4}}({RATE})\s?([mµμu])?s(?:ec)?\b"
    rf"|(?<![\d.,])({RATE})\s?([mµμu])?s(?:ec)?/sample",
    re.IGNORECASE,
)
"""How they tell the time from sample to sample."""

OTHER_SENSOR = re.compile(
    r"\b(HR|heart|herz\w*|puls\w*|resp\w*|acc\w*|gyro\w*|motion|PPG|pleth\w*|SpO2|EEG|EMG|temp\w*|GSR|EDA|BVP)\b|"
    r"\bimpedance\W*$",
    re.IGNORECASE,
)
"""Words before the rate of something else."""

ORIGINAL = re.compile(r"\borig(inal)?\W*$", re.IGNORECASE)
"""A word before the rate of what the table was made from."""

SEVERAL = re.compile(
    r"(?<![\d.,])\d+(?:[.,]\d+)?(?:[;\t]\s*\d+(?:[.,]\d+)?)+|"
    r"(?<![\d.])\d+(?:\.\d+)?(?:,\s*\d+(?:\.\d+)?)+"
)
"""Numbers side by side: of each column one, or a decimal comma and no more."""

UNIT_OF_HEAD = re.compile(
    r"(?:unit|einheit|unité|unità|unidad|enhet|enhed|eenheid|jednostka|yksikkö|birim|единица|単位|单位|單位|단위)"
    r"\w*\W{1,3}([munµμ]?V)\W*$",
    re.IGNORECASE,
)
"""How the lines before a table tell a unit."""

CHANNELS = re.compile(r"\d+ channels\W*")
"""How AcqKnowledge tells the number of channels."""

LONGEST = 1000
"""Letters of a line before a table that are looked at."""

PLAUSIBLE = (50, 20_000)
"""Rates, Hz, that an interval from sample to sample may mean."""


def head_rate(head: Sequence[str]) -> float | None:
    """Return the sampling rate, Hz, that the lines before the table tell; None if none or several."""
    named, some, original, intervals = set(), set(), set(), set()
    for part in (part for line in head for part in re.split(r"[,;|]\s", SEVERAL.sub(_one, line[:LONGEST]))):
        for told in SAMPLING.finditer(part):
            before = part[: told.start()]
            if not OTHER_SENSOR.search(before):
                rates = original if ORIGINAL.search(before) else named
                rates.add(_hertz(told[2], told[1] or told[3]))
        for told in () if SAMPLING.search(part) or OTHER_RATE.search(part) else SOME_RATE.finditer(part):
            some.add(_hertz(told[2] or told[4], told[1] or told[3] or told[5]))
        for told in INTERVAL.finditer(part):
            value, prefix = (told[1], told[2]) if told[1] else (told[3], told[4])
            micro = prefix and prefix.casefold() != "m"
            if interval := _number(value) if micro else _decimal(value):
                intervals.add(round((1e6 if micro else 1e3 if prefix else 1) / interval, 6))
    rates = named or some or original or {rate for rate in intervals if PLAUSIBLE[0] <= rate <= PLAUSIBLE[1]}
    return rates.pop() if len(rates) == 1 else None


def _one(several: re.Match) -> str:
    """Return the number that stands there once for each column; nothing where columns differ."""
    values = re.split(r"[;\t]\s*" if re.search(r"[;\t]", several[0]) else r",\s*", several[0])
    if len(set(values)) == 1:
        return values[0]
    return several[0] if len(values) == 2 else ""


def _hertz(value: str, kilo: str | None) -> float:
    return _decimal(value) * 1000 if kilo else _number(value)


def _number(text: str) -> float:
    """Return the number that a text like 1,000 or 0,5 or 250.0 means."""
    thousands = re.fullmatch(r"[1-9]\d?(,\d{3})+(\.\d+)?", text)
    return float(text.replace(",", "")) if thousands else _decimal(text)


def _decimal(text: str) -> float:
    """Return the number that a text with a decimal comma or point means."""
    whole, _, fraction = text.replace(",", ".").partition(".")
    return float(f"{whole}.{fraction.replace('.', '')}")


def head_unit(head: Sequence[str]) -> str:
    """Return the unit that stands in the lines before the table, as Unit,µV; empty if none or several."""
    units = {found[1] for line in head if (found := UNIT_OF_HEAD.search(line[:LONGEST]))}
    return units.pop() if len(units) == 1 else ""


def is_setting(line: str) -> bool:
    """Whether a line holds no names: a setting of LabChart (`Interval=`, a tab, values), or a unit."""
    return bool(re.match(r"\w+=\t", line + "\t") or UNIT_OF_HEAD.match(line[:LONGEST]))


def told_columns(head: Sequence[str], names: Names, units: Names) -> tuple[Names, Names]:
    """Return names and units of the columns as lines before the table tell them, if its program does so.

    Args:
        head: lines before the table.
        names: as they are without those; returned where none tells as many columns.
        units: the same.
    """
    for read in (_opensignals, _labchart, _acqknowledge):
        with contextlib.suppress(ValueError, AttributeError, KeyError, TypeError, IndexError, RecursionError):
            told = read(head, names, units)
            if len(told[0]) == len(told[1]) == len(names):
                return told
    return names, units


def _opensignals(head: Sequence[str], names: Names, units: Names) -> tuple[Names, Names]:
    """Read a line of JSON of OpenSignals: a channel is called by label and sensor, as `A1 ECG`.

    Without labels the sensors are those of the last columns. Several devices stand side by side.
    """
    (line,) = [line for line in head if line.lstrip("# ").startswith("{")]
    told = []
    for device in json.loads(line.lstrip("# ")).values():
        labels = device.get("label") or device["column"][-len(device["sensor"]) :]
        sensor = dict(zip(labels, device["sensor"], strict=True))
        told += [f"{name} {sensor.get(name, '')}".strip() for name in device["column"]]
    return tuple(told), units


def _labchart(head: Sequence[str], names: Names, units: Names) -> tuple[Names, Names]:
    """Read the settings of LabChart: titles, units, and where there is none (*) the unit of the range."""
    told = {}
    for line in filter(is_setting, head):
        name, *values = line.rstrip("\t").split("\t")
        told[name.rstrip("=")] = values
    titles = told["ChannelTitle"]
    nothing = ["*"] * len(titles)
    ranges = [(words.split() or "*")[-1] for words in told.get("Range", nothing)]
    named = [
        ours if ours != "*" else of for ours, of in zip(told.get("UnitName", nothing), ranges, strict=True)
    ]
    time = len(names) - len(titles)  # the time comes first, where it is exported
    return ("Time",) * time + tuple(titles), ("s",) * time + tuple(named)


def is_acqknowledge(head: Sequence[str]) -> bool:
    """Whether a line before the table tells the number of channels as AcqKnowledge writes it."""
    return any(CHANNELS.fullmatch(line) for line in head)


def _acqknowledge(head: Sequence[str], names: Names, units: Names) -> tuple[Names, Names]:
    """Read the head of AcqKnowledge: the number of channels, then name and unit of each, called CH1 below."""
    (start,) = [i for i, line in enumerate(head) if CHANNELS.fullmatch(line)]
    pairs = head[start + 1 :]
    channels = [i for i, name in enumerate(names) if re.fullmatch(r"CH\d+", name)]
    as_many = len(pairs) == 2 * len(channels) == 2 * int(head[start].split()[0])
    if not as_many or any(":" in line for line in pairs):
        raise ValueError("the head goes on otherwise")
    told, of = list(names), list(units)
    for place, name, unit in zip(channels, pairs[::2], pairs[1::2], strict=True):
        told[place], of[place] = name.strip(), unit.strip()
    return tuple(told), tuple(of)
