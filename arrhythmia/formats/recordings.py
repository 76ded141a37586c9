"""Opening ECG recordings of many makers (WFDB, EDF, CSV), to be read piece by piece."""

import math
import os
from pathlib import Path

from arrhythmia.errors import DataError
from arrhythmia.formats.csv_recording import open_csv
from arrhythmia.formats.ecg import Ecg
from arrhythmia.formats.edf import open_edf
from arrhythmia.formats.guard import check_files, file_size, guarded
from arrhythmia.formats.leads import millivolts
from arrhythmia.formats.names import kind, without_suffix
from arrhythmia.formats.wfdb_header import check_record, find_file, read_header
from arrhythmia.formats.wfdb_record import open_wfdb

OPTIONS = {".csv": ("column", "fs", "decimal", "time"), ".edf": ("lead",), ".hea": ("lead",)}
"""Options of `open_ecg` that apply to some kinds of recordings only, by the suffix of the kind."""


def open_ecg(
    path: Path,
    *,
    lead: str | None = None,
    column: str | None = None,
    fs: float | None = None,
    unit: str | None = None,
    decimal: str | None = None,
    time: str | None = None,
    largest: float = math.inf,
) -> Ecg:
    """Open a recording; its suffix tells what it is.

    Args:
        path: `.csv`, `.tsv`, `.txt`, `.edf`, `.bdf`, or a WFDB record with or without `.hea`.
        lead: which one; without it the one most like MLII. Not for text tables.
        column: the lead's column in a text table, by name or number from 1.
        fs: sampling rate of a text table, Hz; without it the one that the lines before the table tell.
        unit: of the signal, in place of the one that the file names: mV, uV, V, or a number of units per mV.
        decimal: of a text table: "." or ","; without it found out where that is certain.
        time: the column of times in a text table, or "none"; without it found by its name.
        largest: bytes of all files of the recording.

    Raises:
        DataError: the file is missing or damaged, or the lead, column, rate or unit is missing or unknown.
    """
    per_unit = None if unit is None else millivolts(unit, "--unit")
    if kind(path) == ".csv":
        check_files([path], largest)
        with guarded(path):
            return open_csv(path, column, fs, per_unit, decimal=decimal, time=time)
    if kind(path) == ".edf":
        check_files([path], largest)
        with guarded(path):
            return open_edf(path, lead, per_unit)
    record = without_suffix(path)
    header_path = find_file(record.with_name(record.name + ".hea"))
    if not os.path.lexists(header_path):
        raise _no_record(path, header_path)
    header = read_header(header_path)
    check_record(header, largest)
    with guarded(record):
        return open_wfdb(record, header, lead, per_unit)


def _no_record(path: Path, header_path: Path) -> DataError:
    formats = "WFDB records (.hea), EDF (.edf), BDF (.bdf) and text tables (.csv, .tsv, .txt) can be read"
    if path == Path("-"):
        return DataError(f"{path}: standard input cannot be read; save it to a file, {formats}")
    if path.exists() and path.suffix.lower() != ".dat":
        file_size(path)  # refuses what is no ordinary file
        return DataError(f"{path}: {path.suffix or 'it'} is of no known format; {formats}")
    return DataError(f"{header_path}: missing; {formats}")
