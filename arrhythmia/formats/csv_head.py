"""What the lines above a text table tell: the unit, and what the columns are."""

import contextlib
import json
import re
from collections.abc import Sequence

Names = tuple[str, ...]
"""Of columns, or their units."""

UNIT_OF_HEAD = re.compile(
    r"(?:unit|einheit|unité|unità|unidad|enhet|enhed|eenheid|jednostka|yksikkö|birim|единица|単位|单位|單位|단위)"
    r"\w*\W{1,3}([munµμ]?V)\W*$",
    re.IGNORECASE,
)
"""How the lines before a table tell a unit."""

COMMENT = r"\t#(?:\*|\d+) [^\r\n]*"
"""What somebody typed at a sample in LabChart, at the end of its line: of all channels (*) or of one."""

CHANNELS = re.compile(r"\d+ channels\W*")
"""How AcqKnowledge tells the number of channels."""

SEEN_LETTERS = 1000
"""Letters of a line before a table that are looked at."""


def head_unit(head: Sequence[str]) -> str:
    """Return the unit that stands in the lines before the table, as Unit,µV; empty if none or several."""
    units = {found[1] for line in head if (found := UNIT_OF_HEAD.search(line[:SEEN_LETTERS]))}
    return units.pop() if len(units) == 1 else ""


def is_setting(line: str) -> bool:
    """Whether a line holds no names: a setting of LabChart (`Interval=`, a tab, values), or a unit."""
    return bool(re.match(r"\w+=\t", line + "\t") or UNIT_OF_HEAD.match(line[:SEEN_LETTERS]))


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
