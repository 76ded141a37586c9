"""Opening ECG recordings of many makers (WFDB, EDF, CSV), to be read piece by piece in mV."""

import os
import re
import tempfile
import warnings
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from arrhythmia.errors import DataError

UNITS = {"mV": 1.0, "uV": 1e-3, "µV": 1e-3, "μV": 1e-3, "V": 1e3}
"""Millivolts in each unit of voltage."""

PREFERRED = ("MLII", "II", "ECG MLII", "ECG II", "EKG II")
"""Names of the lead that the networks were trained on, or of one like it."""

SUFFIXES = (".hea", ".edf", ".csv")
"""Of recordings in a folder; a WFDB record is known by its header."""

CSV_ROWS = 500_000
"""Rows of a CSV file that are read at a time."""


@dataclass(frozen=True)
class Ecg:
    """One lead of a recording.

    Attributes:
        path: of the file, for messages; of a WFDB record without suffix.
        fs: sampling rate, Hz.
        lead: name of the lead, or the number of its channel.
        length: samples.
        read: takes the first sample and the one after the last, returns float32 mV, NaN where it is lost.
    """

    path: Path
    fs: float
    lead: str
    length: int
    read: Callable[[int, int], np.ndarray]

    @property
    def name(self) -> str:
        """Name of the recording."""
        return recording_name(self.path)


def recording_name(path: Path) -> str:
    """Return the name of a recording: that of its file, without the suffix if that tells the format.

    Bytes of a file's name that are no UTF-8 are replaced: nobody could print them.
    """
    name = path.stem if path.suffix.lower() in (*SUFFIXES, ".dat") else path.name
    return os.fsencode(name).decode("utf-8", "replace")


def find_recordings(path: Path) -> list[Path]:
    """Return the recordings in a folder, sorted; or `path` itself if it is no folder.

    Tables of beats that a prediction wrote there (`.beats.csv`) are none.

    Raises:
        DataError: the folder holds none.
    """
    if not path.is_dir():
        return [path]
    files = [x for x in path.iterdir() if x.suffix.lower() in SUFFIXES and not x.name.startswith(".")]
    found = sorted(x for x in files if not x.name.endswith(".beats.csv"))
    if not found:
        raise DataError(f"{path}: no recording in it; looked for {', '.join(SUFFIXES)}")
    return found


def open_ecg(
    path: Path,
    *,
    lead: str | None = None,
    column: str | None = None,
    fs: float | None = None,
    unit: str | None = None,
) -> Ecg:
    """Open a recording; what it is tells its suffix.

    Args:
        path: `.csv`, `.edf`, or a WFDB record with or without `.hea`.
        lead: which one; without it one like MLII, else the first that is a voltage. Not for CSV.
        column: the lead's column in a CSV file.
        fs: sampling rate of a CSV file, Hz.
        unit: of the signal, in place of the one that the file names: mV, uV, V, or a number of units per mV.

    Raises:
        DataError: the file is missing or damaged, or the lead, column, rate or unit is missing or unknown.
    """
    suffix = path.suffix.lower()
    per_unit = None if unit is None else millivolts(unit, "--unit")
    if suffix == ".csv":
        return _open_csv(path, column, fs, 1.0 if per_unit is None else per_unit)
    if suffix == ".edf":
        return _open_edf(path, lead, per_unit)
    return _open_wfdb(path.with_suffix("") if suffix in (".hea", ".dat") else path, lead, per_unit)


def millivolts(unit: str, where: str) -> float:
    """Return how many mV one unit is.

    Args:
        unit: a name in `UNITS`, or a number of units per mV.
        where: it stands, for the message.

    Raises:
        DataError: it is no unit of voltage.
    """
    if unit in UNITS:
        return UNITS[unit]
    try:
        per_millivolt = float(unit)
    except ValueError:
        per_millivolt = 0.0
    if not per_millivolt > 0:
        raise DataError(f"{where}: unit '{unit}' is no voltage; say what it is with --unit (mV, uV or V)")
    return 1 / per_millivolt


def choose_lead(names: Sequence[str], units: Sequence[str], lead: str | None, where: Path) -> int:
    """Return the channel of the wanted lead: `lead` if given, else one like MLII, else the first voltage.

    Args:
        names: of the channels; may be empty words.
        units: of the channels.
        lead: name, or number of the channel counted from 0.
        where: the file, for the message.

    Raises:
        DataError: there is no such lead, or no channel at all.
    """
    if not names:
        raise DataError(f"{where}: no signal in it")
    if lead is not None:
        if lead in names:
            return list(names).index(lead)
        if lead.isdigit() and int(lead) < len(names):
            return int(lead)
        known = ", ".join(f"{i} '{name}'" for i, name in enumerate(names))
        raise DataError(f"{where}: no lead '{lead}'; it has {known}")
    for name in PREFERRED:
        if name in names:
            return list(names).index(name)
    voltages = [i for i, unit in enumerate(units) if unit in UNITS]
    named = [i for i in voltages if any(word in names[i].upper() for word in ("ECG", "EKG"))]
    return (named or voltages or [0])[0]


def _open_wfdb(path: Path, lead: str | None, per_unit: float | None) -> Ecg:
    import wfdb

    if not path.with_name(path.name + ".hea").is_file():
        raise DataError(f"{path}.hea: missing; give a WFDB record, .edf, .csv or a folder")
    _check_record_line(path.with_name(path.name + ".hea"))
    header = _tried(f"{path}.hea", lambda: wfdb.rdheader(str(path)))
    length = header.sig_len
    if not length or not header.n_sig:
        raise DataError(f"{path}.hea: empty record, {header.n_sig} signals of {length} samples")
    _check_rate(path, header.fs)
    # The last sample shows at once whether the signal file is as long as the header says.
    probe = _tried(
        path,
        lambda: wfdb.rdrecord(str(path), sampfrom=length - 1, sampto=length),
        what=f"cannot be read up to sample {length}, which its header announces",
    )
    names, units = [str(x or "") for x in probe.sig_name], [str(x or "mV") for x in probe.units]
    channel = choose_lead(names, units, lead, path)
    scale = millivolts(units[channel], f"{path}.hea, lead {names[channel]}") if per_unit is None else per_unit

    def read(start: int, stop: int) -> np.ndarray:
        part = _tried(path, lambda: wfdb.rdrecord(str(path), sampfrom=start, sampto=stop, channels=[channel]))
        return (part.p_signal[:, 0] * scale).astype(np.float32)

    return Ecg(path, float(header.fs), names[channel] or f"channel {channel}", int(length), read)


def _open_edf(path: Path, lead: str | None, per_unit: float | None) -> Ecg:
    _check_content(path)
    edf = _read_edf(path)
    if not edf.is_continuous:
        raise DataError(f"{path}: an interrupted recording (EDF+D); cut it into continuous ones")
    names, units = _tried(
        path,
        lambda: ([x.label for x in edf.signals], [x.physical_dimension for x in edf.signals]),
    )
    channel = choose_lead(names, units, lead, path)
    signal = edf.signals[channel]
    fs = float(signal.sampling_frequency)
    _check_rate(path, fs)
    scale = millivolts(units[channel], f"{path}, signal {names[channel]}") if per_unit is None else per_unit
    low, high = _tried(path, lambda: (signal.digital_min, signal.digital_max))
    least, most = _tried(path, lambda: (signal.physical_min, signal.physical_max))
    if not (high > low and most != least):
        raise DataError(f"{path}, signal {names[channel]}: its header gives no range of values")
    gain = scale * (most - least) / (high - low)

    def read(start: int, stop: int) -> np.ndarray:
        # opened anew for each piece: pages of a mapped file stay in memory until it is closed
        signal = _read_edf(path).signals[channel]
        counts = _tried(path, lambda: signal.get_digital_slice(start / fs, stop / fs)).astype(np.float64)
        return ((counts - low) * gain + scale * least).astype(np.float32)

    length = edf.num_data_records * signal.samples_per_data_record
    return Ecg(path, fs, names[channel] or f"channel {channel}", length, read)


def _read_edf(path: Path) -> Any:
    import edfio

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # edfio goes on with what there is of a file that was cut short
        warnings.filterwarnings("error", "Incomplete data record|.* header indicates (?!-1 )")
        return _tried(path, lambda: edfio.read_edf(path, lazy_load_data=True, header_encoding="latin-1"))


def _open_csv(path: Path, column: str | None, fs: float | None, scale: float) -> Ecg:
    import pandas as pd

    _check_content(path)
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        first = file.readline().strip()
    if "\0" in first:
        raise DataError(f"{path}: no text in UTF-8; save it as such")
    separator = max(",;\t", key=first.count)
    names = [name.strip().strip("\"'") for name in first.split(separator)]
    if column is None or column not in names:
        asked = "no column named" if column is None else f"no column '{column}'"
        raise DataError(f"{path}: {asked}; choose with --column one of {', '.join(names)[:200]}")
    if names.count(column) > 1:
        raise DataError(f"{path}: {names.count(column)} columns are called '{column}'; rename all but one")
    names = [name if name == column else i for i, name in enumerate(names)]  # others may be called alike
    if fs is None:
        raise DataError(f"{path}: unknown sampling rate; say it with --fs, in Hz")
    _check_rate(path, fs)
    spool = _Spool()
    try:
        pieces = pd.read_csv(
            path,
            sep=separator,
            header=0,
            names=names,
            usecols=[column],
            index_col=False,  # lines may end with one separator more than the header
            dtype=np.float64,
            skip_blank_lines=False,  # with one column a lost sample is a blank line
            chunksize=CSV_ROWS,
            encoding_errors="replace",
        )
        with pieces, np.errstate(over="ignore"):  # infinite, so lost
            for piece in pieces:
                spool.append((piece[column].to_numpy() * scale).astype(np.float32))
    except (ValueError, pd.errors.ParserError) as error:
        reason = " ".join(str(error).split())[:150]
        raise DataError(f"{path}: column '{column}' does not hold numbers only ({reason})") from error
    except OSError as error:
        raise DataError(
            f"{path}: its samples do not fit into {tempfile.gettempdir()} ({error.strerror}); "
            "name another folder in TMPDIR"
        ) from error
    return Ecg(path, float(fs), column, spool.length, spool.read)


class _Spool:
    """The samples of a text file in a file without a name: a day of them is not kept in memory.

    Attributes:
        length: number of samples.
    """

    def __init__(self) -> None:
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

    def read(self, start: int, stop: int) -> np.ndarray:
        """Return the samples from `start` to before `stop`, float32."""
        there = os.pread(self._file, 4 * (stop - start), 4 * start)
        return np.frombuffer(there, dtype=np.float32).copy()


def _check_content(path: Path) -> None:
    if not path.is_file():
        raise DataError(f"{path}: missing")
    if path.stat().st_size == 0:
        raise DataError(f"{path}: empty file")


def _check_record_line(path: Path) -> None:
    """Refuse what wfdb passes over: a rate that is no number (it takes 250 Hz), and no length.

    A header may leave the length out, but wfdb cannot read pieces of such a record.
    """
    _check_content(path)
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    fields = next((line.split() for line in lines if line.strip() and not line.startswith("#")), [])
    if len(fields) < 4:
        raise DataError(f"{path}: sampling rate or number of samples missing; add them to its first line")
    rate = re.split(r"[/(]", fields[2])[0]  # counter frequency and base may follow
    if not re.fullmatch(r"\d+(\.\d*)?", rate) or not fields[3].isdigit():
        raise DataError(f"{path}: sampling rate or number of samples is no number; correct its first line")


def _check_rate(path: Path, fs: float) -> None:
    if not 100 <= fs <= 20000:
        raise DataError(f"{path}: sampling rate is {fs:g} Hz; 100 to 20000 Hz can be used")


def _tried(path: Path | str, read: Callable[[], Any], *, what: str = "cannot be read") -> Any:
    try:
        return read()
    except FileNotFoundError as error:
        raise DataError(f"{path}: {error.filename} is missing") from error
    except Exception as error:  # on damaged bytes the readers raise whatever they stumble over
        stumbled = isinstance(error, IndexError | KeyError | NameError | TypeError | AttributeError)
        reason = "" if stumbled else " ".join(str(error).split())[:150]
        raise DataError(f"{path}: {what} ({reason or 'it is damaged'})") from error
