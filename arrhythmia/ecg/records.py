"""Reading WFDB recordings and refusing damaged ones with one clear line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import wfdb

from arrhythmia.ecg.annotations import parse_annotations
from arrhythmia.ecg.recording import Recording
from arrhythmia.errors import DataError, one_line

REMEDY = "run `dvc repro --force download`"

LEAD = "MLII"
"""The lead that is read; the first one where a record does not have it."""


def record_names(folder: str | Path) -> list[str]:
    """Return the names of the WFDB records in `folder`, sorted.

    Raises:
        DataError: there is none.
    """
    names = sorted(path.stem for path in Path(folder).glob("*.hea"))
    if not names:
        raise DataError(f"{folder}: no WFDB header (*.hea) in it; run `dvc repro download`")
    return names


def read_recording(folder: str | Path, name: str) -> Recording:
    """Read the record `name` and its reference annotations (`.atr`) from `folder`.

    Args:
        folder: where the `.hea`, `.dat` and `.atr` files are.
        name: name of the record.

    Raises:
        DataError: a file is missing or damaged, does not belong to the record, or its signal does not match
            the header's checksum.
    """
    path = Path(folder) / name
    for suffix in (".hea", ".dat", ".atr"):
        if not path.with_suffix(suffix).exists():
            raise _damaged(f"{path}{suffix}", "missing")
    header = _read(f"{path}.hea", "header", lambda: wfdb.rdheader(str(path)))
    _check_header(f"{path}.hea", header, name)
    size = f"signal of {header.n_sig} x {header.sig_len} samples"
    record = _read(f"{path}.dat", size, lambda: wfdb.rdrecord(str(path), physical=False))
    _check_signal(f"{path}.dat", record)
    channel = record.sig_name.index(LEAD) if LEAD in record.sig_name else 0
    if record.units[channel] != "mV":
        raise _damaged(f"{path}.hea", f"channel {channel} is in {record.units[channel]}, not in mV")
    sample, symbol = _read_annotations(path, record.sig_len)
    signal = (record.d_signal[:, channel] - record.baseline[channel]) / record.adc_gain[channel]
    return Recording(
        name=name,
        fs=float(record.fs),
        lead=record.sig_name[channel],
        signal=signal.astype(np.float32),
        adu=record.d_signal[:, 0].astype(np.int32),
        sample=sample,
        symbol=symbol,
        comments=tuple(record.comments),
    )


def _damaged(path: str, problem: str) -> DataError:
    return DataError(f"{path}: {problem}; {REMEDY}")


def _read(path: str, what: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except Exception as error:  # on damaged bytes wfdb raises whatever it stumbles over
        reason = one_line(error) or type(error).__name__
        raise _damaged(path, f"cannot be read as a WFDB {what} ({reason})") from error


def _check_header(path: str, header: wfdb.Record, name: str) -> None:
    channels = getattr(header, "file_name", None) or []  # a record of several segments has none of its own
    if not channels or len(channels) != header.n_sig:
        raise _damaged(path, f"announces {header.n_sig} channels and describes {len(channels)}")
    if header.record_name != name or set(channels) != {f"{name}.dat"}:
        raise _damaged(path, f"belongs to record {header.record_name} and file {channels[0]}")
    # WFDB allows a header without a length, but then a file that was cut short looks like a whole one.
    if not header.sig_len:
        raise _damaged(path, f"empty record or damaged first line, {header.sig_len} samples")
    if not header.fs > 0:
        raise _damaged(path, f"sampling rate is {header.fs:g} Hz")


def _check_signal(path: str, record: wfdb.Record) -> None:
    # A WFDB header holds the sum of each channel's samples, modulo 2^16 (header(5), "checksum").
    for channel, expected in enumerate(record.checksum):
        found = int(record.d_signal[:, channel].sum()) % 65536
        if expected is not None and expected % 65536 != found:
            raise _damaged(
                path, f"channel {channel} has checksum {found}, its header says {expected % 65536}"
            )


def _read_annotations(path: Path, length: int) -> tuple[np.ndarray, np.ndarray]:
    name = f"{path}.atr"
    try:
        found = parse_annotations(Path(name).read_bytes(), name)
    except DataError as error:
        raise DataError(f"{error}; {REMEDY}") from error
    sample, symbol = np.array(found.sample), found.symbol
    if len(sample) == 0:
        raise _damaged(name, "no annotations")
    unknown = symbol == ""
    if unknown.any():
        at = sample[unknown][0]
        raise _damaged(name, f"unknown annotation code {np.array(found.code)[unknown][0]} at sample {at}")
    outside = (sample < 0) | (sample >= length) | (np.diff(sample, prepend=sample[0]) < 0)
    if outside.any():
        at = sample[outside][0]
        raise _damaged(name, f"annotation at {at} is out of order or outside the record's {length} samples")
    return sample, symbol
