"""What the name of a file tells of a recording: its own name, and of which kind it is."""

import os
from pathlib import Path

SUFFIXES = (".hea", ".edf", ".bdf", ".csv", ".tsv")
"""Of recordings in a folder; a WFDB record is known by its header."""

SIGNALS = (".dat", ".mat")
"""Of signals that a WFDB header beside them describes, for who names the signals."""

TABLES = (".csv", ".tsv", ".txt")
"""Of text tables; in a folder a .txt is rather something to read."""

KINDS = {".csv": "text tables", ".edf": "EDF and BDF files", ".hea": "WFDB records"}
"""Kinds of recordings by their suffix."""


def kind(path: Path) -> str:
    """Return the kind of a recording: `.csv` for a text table, `.edf` for BDF too, or `.hea` for WFDB."""
    suffix = path.suffix.lower()
    return ".csv" if suffix in TABLES else ".edf" if suffix in (".edf", ".bdf") else ".hea"


def recording_name(path: Path) -> str:
    """Return the name of a recording: that of its file, without the suffix if that tells the format.

    Bytes of a file's name that are no UTF-8 are replaced: nobody could print them.
    """
    name = path.stem if path.suffix.lower() in (*SUFFIXES, *TABLES, *SIGNALS) else path.name
    return os.fsencode(name).decode("utf-8", "replace")


def without_suffix(path: Path) -> Path:
    """Return a path by the name of the WFDB record, if it is that of the record's header or signals."""
    return path.with_suffix("") if path.suffix.lower() in (".hea", *SIGNALS) else path
