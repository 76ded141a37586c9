"""Reading WFDB recordings and refusing damaged ones with one clear line."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import wfdb

from arrhythmia.errors import DataError

KNOWN_SYMBOLS = frozenset(wfdb.io.annotation.ann_label_table["symbol"])


@dataclass(frozen=True)
class Recording:
    """One ECG recording with its annotations.

    Attributes:
        name: name of the record.
        fs: sampling rate, Hz.
        lead: name of the lead in `signal`.
        signal: `(n,)` float32, mV: the preferred lead, or channel 0 where the record does not have it.
        adu: `(n,)` int32, ADC units: channel 0, whatever its lead.
        sample: `(m,)` int64: positions of all annotations, non-beats included.
        symbol: `(m,)` str: their symbols.
    """

    name: str
    fs: float
    lead: str
    signal: np.ndarray
    adu: np.ndarray
    sample: np.ndarray
    symbol: np.ndarray


def record_names(folder: str | Path) -> list[str]:
    """Return the names of the WFDB records in `folder`, sorted.

    Raises:
        DataError: there is none.
    """
    names = sorted(path.stem for path in Path(folder).glob("*.hea"))
    if not names:
        raise DataError(f"{folder}: no WFDB header (*.hea) in it; run `dvc repro download`")
    return names


def read_recording(folder: str | Path, name: str, *, lead: str = "MLII") -> Recording:
    """Read the record `name` and its reference annotations (`.atr`) from `folder`.

    Args:
        folder: where the `.hea`, `.dat` and `.atr` files are.
        name: name of the record.
        lead: preferred lead; channel 0 is taken where the record does not have it.

    Raises:
        DataError: a file is missing or damaged, or its signal does not match the header's checksum.
    """
    path = Path(folder) / name
    for suffix in (".hea", ".dat", ".atr"):
        if not path.with_suffix(suffix).exists():
            raise DataError(f"{path}{suffix}: missing; run `dvc repro --force download`")
    record = _read(f"{path}.dat", lambda: wfdb.rdrecord(str(path), physical=False))
    _check_signal(f"{path}.dat", record)
    annotation = _read(f"{path}.atr", lambda: wfdb.rdann(str(path), "atr"))
    sample, symbol = np.asarray(annotation.sample), np.asarray(annotation.symbol, dtype=str)
    _check_annotations(f"{path}.atr", sample, symbol, record.sig_len)
    channel = record.sig_name.index(lead) if lead in record.sig_name else 0
    signal = (record.d_signal[:, channel] - record.baseline[channel]) / record.adc_gain[channel]
    return Recording(
        name=name,
        fs=float(record.fs),
        lead=record.sig_name[channel],
        signal=signal.astype(np.float32),
        adu=record.d_signal[:, 0].astype(np.int32),
        sample=sample,
        symbol=symbol,
    )


def _read(path: str, read):
    try:
        return read()
    except Exception as error:  # on damaged bytes wfdb raises whatever it stumbles over
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{path}: cannot be read ({reason}); run `dvc repro --force download`") from error


def _check_signal(path: str, record: wfdb.Record) -> None:
    if not record.sig_len or record.d_signal is None or not len(record.d_signal):
        raise DataError(f"{path}: empty record (0 samples); run `dvc repro --force download`")
    # A WFDB header holds the sum of each channel's samples, modulo 2^16 (header(5), "checksum").
    actual = record.d_signal.astype(np.int64).sum(axis=0) % 65536
    for channel, (expected, found) in enumerate(zip(record.checksum, actual, strict=True)):
        if expected is not None and expected % 65536 != found:
            raise DataError(
                f"{path}: channel {channel} has checksum {found}, its header says {expected % 65536}; "
                "run `dvc repro --force download`"
            )


def _check_annotations(path: str, sample: np.ndarray, symbol: np.ndarray, length: int) -> None:
    unknown = sorted(set(symbol) - KNOWN_SYMBOLS)
    if unknown:
        raise DataError(f"{path}: unknown annotation symbols {unknown}; run `dvc repro --force download`")
    if len(sample) == 0:
        raise DataError(f"{path}: no annotations; run `dvc repro --force download`")
    if sample[0] < 0 or sample[-1] >= length or np.any(np.diff(sample) < 0):
        raise DataError(
            f"{path}: annotations out of order or outside the record's {length} samples; "
            "run `dvc repro --force download`"
        )
