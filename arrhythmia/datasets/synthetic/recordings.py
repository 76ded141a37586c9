"""Synthetic ECG recordings of 16 invented patients, as WFDB files of the kind of the MIT-BIH database.

    write_recordings(Path("data/raw"), seconds=300, seed=1)

`rhythm` says which beats come when, `waveforms` what they look like (and cites the models);
this module adds what electrodes pick up besides the heart, and writes the files. Their bytes depend on
`seconds`, `seed` and NumPy's random generators alone: the last bits in which processors differ vanish in the
rounding to ADC units.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import wfdb

from arrhythmia.aami import SYNTHETIC_RECORDS
from arrhythmia.datasets.synthetic.rhythm import PATIENTS, Patient, Wave, draw_rhythm, sine
from arrhythmia.datasets.synthetic.waveforms import P, beat_waves, evaluate_waves, shapes_of_patient
from arrhythmia.errors import DataError
from arrhythmia.utils.files import write_text

FS = 360  # Hz; this and the next four as in the MIT-BIH database
GAIN = 200  # ADC units per mV
BASELINE = 1024  # ADC units at 0 mV
ADC_BITS = 11
LEADS = ["MLII", "V1"]
COMMENT = "synthetic recording, not of a person"
SHORTEST = 60  # s; in less some of the rare beats might not fit
REACH = np.arange(-int(0.35 * FS), int(0.75 * FS))  # samples around its R peak in which a beat is seen
R_SEARCH = np.abs(REACH) <= int(0.05 * FS)  # the sum of the waves may peak a little beside the centre of R


@dataclass(frozen=True)
class SyntheticRecording:
    """A recording and its annotations.

    Attributes:
        signal: `(samples, 2)` mV, leads `LEADS`.
        sample: `(n,)` int: positions of the annotations, ascending.
        symbol: `(n,)` str: annotation symbols.
        subtype: `(n,)` int: for signal quality (`~`) 1 where noise sets in, else 0.
        aux_note: `(n,)` str: the rhythm's name for rhythm changes (`+`), else empty.
    """

    signal: np.ndarray
    sample: np.ndarray
    symbol: np.ndarray
    subtype: np.ndarray
    aux_note: np.ndarray


def write_recordings(folder: Path, *, seconds: float, seed: int) -> None:
    """Write recordings `SYNTHETIC_RECORDS` (`.dat`, `.hea`, `.atr`) and the list `RECORDS` into `folder`.

    Args:
        folder: where to write; made if missing.
        seconds: duration of each recording, s.
        seed: another seed draws other shapes, moments and noise for the same 16 patients.

    Raises:
        DataError: `seconds` is too short for all classes to occur, or `seed` is negative.
    """
    if not SHORTEST <= seconds < float("inf"):
        raise DataError(f"synthetic.seconds: {seconds} is out of range; use {SHORTEST} or more")
    if seed < 0:
        raise DataError(f"synthetic.seed: {seed} is negative; use 0 or more")
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=".unfinished-") as unfinished:
        for number, (name, patient) in enumerate(zip(SYNTHETIC_RECORDS, PATIENTS, strict=True)):
            rng = np.random.default_rng(np.random.SeedSequence((seed, number)))
            write_recording(unfinished, name, make_recording(patient, rng, seconds=seconds))
        for path in sorted(Path(unfinished).iterdir()):
            os.replace(path, folder / path.name)
    write_text(folder / "RECORDS", "".join(f"{name}\n" for name in SYNTHETIC_RECORDS))


def write_recording(folder: str, name: str, recording: SyntheticRecording) -> None:
    """Write `recording` as `name.dat` (format 212), `name.hea` and `name.atr` into `folder`."""
    digital = np.rint(recording.signal * GAIN) + BASELINE
    header = wfdb.Record(
        record_name=name,
        fs=FS,
        d_signal=np.clip(digital, 0, 2**ADC_BITS - 1).astype(np.int64),
        fmt=["212"] * 2,
        adc_gain=[float(GAIN)] * 2,
        baseline=[BASELINE] * 2,
        adc_res=[ADC_BITS] * 2,
        adc_zero=[BASELINE] * 2,
        units=["mV"] * 2,
        sig_name=LEADS,
        comments=[COMMENT],
    )
    header.set_d_features()
    header.set_defaults()
    header.wrsamp(write_dir=folder)
    wfdb.wrann(
        name,
        "atr",
        recording.sample,
        symbol=recording.symbol,
        subtype=recording.subtype,
        aux_note=list(recording.aux_note),
        write_dir=folder,
    )


def make_recording(patient: Patient, rng: np.random.Generator, *, seconds: float) -> SyntheticRecording:
    """Draw a recording of `patient`, `seconds` s long."""
    breath = sine(rng.uniform(0.2, 0.33), rng)
    symbol, times = draw_rhythm(patient, breath, rng, seconds=seconds)
    length = int(seconds * FS)
    beats, sample = draw_beats(patient, symbol, times, breath, rng, length=length)
    noisy = draw_noisy_spells(sample, rng)
    signal = beats + draw_noise(breath, noisy, rng, length=length, fibrillation=patient.fibrillation)
    return annotate(patient, signal, sample, symbol, noisy)


def draw_beats(
    patient: Patient,
    symbol: np.ndarray,
    times: np.ndarray,
    breath: Wave,
    rng: np.random.Generator,
    *,
    length: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Add up the beats.

    Returns:
        `(length, 2)` mV, and the `(n,)` int positions of the extreme values of the QRS complexes in MLII, for
        there are the annotations of the MIT-BIH database.
    """
    shapes = shapes_of_patient(patient.base, rng)
    if patient.fibrillation:
        shapes[patient.base][0][P, 2:] = 0
    signal = np.zeros((length + 2 * len(REACH), 2))  # room for beats that reach over the edges
    sample = np.empty(len(times), dtype=np.int64)
    before = np.diff(times, prepend=times[0] - patient.rr)
    for k, (time, rr) in enumerate(zip(times, before, strict=True)):
        at = round(time * FS)
        waves = beat_waves(symbol[k], patient.base, shapes, rng)
        qt_rr = (rr + patient.rr) / 2  # QT follows the rate with a delay
        beat = evaluate_waves(waves, (at + REACH) / FS - time, rr=qt_rr) * (1 + 0.06 * breath(time))
        signal[at + len(REACH) + REACH] += beat
        sample[k] = at + REACH[R_SEARCH][np.argmax(np.abs(beat[R_SEARCH, 0]))]
    return signal[len(REACH) : -len(REACH)], sample


def draw_noisy_spells(sample: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw the `(n, 2)` first and last samples of spells of noise: one in 100 beats, each 5 beats long."""
    hundreds = np.arange(0, len(sample) - 100, 100)
    starts = hundreds + rng.integers(5, 90, len(hundreds))
    between = (sample[:-1] + sample[1:]) // 2
    return np.column_stack([between[starts], between[starts + 5]])


def draw_noise(
    breath: Wave, noisy: np.ndarray, rng: np.random.Generator, *, length: int, fibrillation: bool
) -> np.ndarray:
    """Draw `(length, 2)` mV of baseline wander, muscle noise, mains hum and perhaps fibrillation waves."""
    time = np.arange(length) / FS
    strain = np.ones(length)
    for first, last in noisy:
        strain[first:last] = 4.0
    noise = np.empty((length, 2))
    for lead in range(2):
        wander = rng.uniform(0.5, 3) * sum(
            0.002 / f * sine(f * rng.uniform(0.8, 1.2), rng)(time) for f in (0.03, 0.07, 0.15, 0.3)
        )
        muscle = np.convolve(rng.normal(0, rng.uniform(0.008, 0.02), length), (0.3, 0.4, 0.3), mode="same")
        hum = rng.uniform(0.002, 0.008) * sine(60, rng)(time)
        noise[:, lead] = wander + rng.uniform(0.02, 0.08) * breath(time) + strain * muscle + hum
    if fibrillation:
        f_waves = np.sin(2 * np.pi * 6 * time + 3 * sine(0.4, rng)(time)) * (1 + 0.4 * sine(0.7, rng)(time))
        noise += f_waves[:, None] * (0.04, 0.07)
    return noise


def annotate(
    patient: Patient, signal: np.ndarray, sample: np.ndarray, symbol: np.ndarray, noisy: np.ndarray
) -> SyntheticRecording:
    """Put the beats, the rhythm (`+`, at the start) and the changes of signal quality (`~`) in order."""
    rhythm = "(AFIB" if patient.fibrillation else "(P" if patient.base == "/" else "(N"
    marks = noisy.ravel()
    samples = np.concatenate([[18], marks, sample])
    symbols = np.concatenate([["+"], np.full(len(marks), "~"), symbol])
    subtypes = np.concatenate([[0], np.tile([1, 0], len(noisy)), np.zeros(len(sample), dtype=np.int64)])
    notes = np.where(symbols == "+", rhythm, "")
    order = np.argsort(samples, kind="stable")
    return SyntheticRecording(signal, samples[order], symbols[order], subtypes[order], notes[order])
