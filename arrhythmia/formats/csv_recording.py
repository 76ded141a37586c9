"""Opening a text table with a column of ECG samples."""

from pathlib import Path

import numpy as np

from arrhythmia.errors import DataError
from arrhythmia.formats.csv_head import head_unit
from arrhythmia.formats.csv_layout import find_column, find_layout
from arrhythmia.formats.csv_rate import head_rate, line_with_rate
from arrhythmia.formats.csv_table import read_column
from arrhythmia.formats.ecg import Ecg, check_rate
from arrhythmia.formats.leads import is_voltage, millivolts, unit_of


def open_csv(
    path: Path,
    column: str | None,
    fs: float | None,
    per_unit: float | None,
    *,
    decimal: str | None,
    time: str | None,
) -> Ecg:
    """Open a text table.

    Args:
        path: the file.
        column: the lead's column, by name or number from 1.
        fs: sampling rate, Hz; None if the file tells.
        per_unit: mV in a unit of the signal; None if the file tells.
        decimal: "." or ","; None if the file tells.
        time: the column of times, or "none"; None to find it by its name.

    Raises:
        DataError: the file is damaged; the column, rate or unit is missing, unknown, or cannot be used.
    """
    layout = find_layout(path, decimal=decimal)
    index = find_column(layout, column, path)
    told, notes = head_rate(layout.head), []
    if fs is None and told is None:
        line = line_with_rate(layout.head)
        said = "" if line is None else f" ('{line.strip()[:60]}' does not tell it for certain)"
        raise DataError(f"{path}: unknown sampling rate{said}; say it with --fs, in Hz")
    if fs is None:
        fs = told
        notes.append(f"its head says {told:g} Hz")
    elif told is not None and told != fs:
        notes.append(f"its head says {told:g} Hz, --fs {fs:g} is taken")
    if column is None and len(layout.names) > 1:
        notes.append(f"column '{layout.names[index]}' is taken (--column takes another)")
    if layout.passed:
        notes.append(f"line {layout.line - 1}, '{layout.passed.strip()[:40]}', is taken for none of samples")
    if layout.spaced:
        notes.append("every second line is blank, and passed over")
    name = layout.names[index]
    check_rate(path, fs, name)
    scale = _told_unit(name, layout.units[index], head_unit(layout.head)) if per_unit is None else per_unit
    table = read_column(path, layout, index, fs=fs, decimal=decimal, time=time)

    def read(start: int, stop: int) -> np.ndarray:
        return table.samples.read(start, stop) * np.float32(scale)

    return Ecg(path, float(fs), name, table.samples.length, read, (*notes, *table.notes))


def _told_unit(name: str, below: str, head: str) -> float:
    """Return the mV in a unit of a column: below its name, in the name, or in the head; else mV."""
    unit = unit_of(name, below)
    return next((millivolts(x, name) for x in (unit, head) if is_voltage(x)), 1.0)
