"""Simulated patients as annotated recordings, which go through the same code as real ones."""

import numpy as np

from arrhythmia.aami import SYMBOLS
from arrhythmia.ecg.recording import Recording
from arrhythmia.simulation.patients import STRATA, draw_patient, log_uniform
from arrhythmia.simulation.rhythm import Rhythm, simulate_rhythm
from arrhythmia.simulation.waveforms import ENDS, FS, simulate_ecg

TRIES = 1000
"""Patients drawn at most until one has the share of supraventricular beats of its stratum."""

FALSE_DETECTION = "Q"
"""Symbol of a false detection: like a beat that cannot be classified, it is none of the other classes."""


def simulate_recording(stratum: str, *, beats: int, seed: int) -> Recording:
    """Simulate a patient and return the recording.

    Args:
        stratum: which kind of patient, a key of `STRATA`.
        beats: number of beats that the heart makes; a detector misses some of some patients.
        seed: of patient, rhythm and noise.

    Raises:
        RuntimeError: the rules of the stratum do not lead to its share of S beats.
    """
    rng = np.random.default_rng([seed, list(STRATA).index(stratum)])
    least, most = STRATA[stratum].s_share
    for _ in range(TRIES):
        patient = draw_patient(stratum, rng)
        rhythm = simulate_rhythm(patient, beats, rng)
        if least <= np.isin(rhythm.symbol, list(SYMBOLS["S"])).mean() <= most:
            break
    else:
        raise RuntimeError(f"none of {TRIES} patients has the share of S beats of stratum {stratum}")
    signal = simulate_ecg(rhythm, patient, rng)
    sample, symbol = detected(rhythm, rng, missed=patient.missed, false=patient.false)
    return Recording(
        name=f"{stratum}_{seed}",
        fs=float(FS),
        lead="simulated",
        signal=signal,
        adu=np.round(200 * signal).astype(np.int32),
        sample=sample,
        symbol=symbol,
    )


def detected(
    rhythm: Rhythm, rng: np.random.Generator, *, missed: float, false: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return what a detector gives: positions off by some ms, without missed beats, with false detections.

    Args:
        rhythm: of the heart.
        rng: source of chance.
        missed: share of beats that it misses, 0..1.
        false: number of false detections in beats, of T waves or of noise, none within 200 ms of another.

    Returns:
        `(n,)` positions in samples at `FS`, ascending, and `(n,)` symbols.
    """
    n = len(rhythm.time)
    error = np.clip(log_uniform(rng, 0.0005, 0.005) * rng.normal(size=n), -0.012, 0.012)
    kept = rng.random(n) >= missed
    time, symbol = (rhythm.time + error)[kept], rhythm.symbol[kept]
    gap = rng.integers(len(time) - 1, size=rng.poisson(false * n))
    on_t_wave = rng.random(len(gap)) < 0.5
    place = np.where(on_t_wave, rng.uniform(0.4, 0.5, len(gap)), rng.uniform(0.1, 0.9, len(gap)))
    extra = time[gap] + place * (time[gap + 1] - time[gap])
    far = (extra - time[gap] > 0.2) & (time[gap + 1] - extra > 0.2)
    extra = np.unique(extra[far])
    extra = extra[np.diff(extra, prepend=-1) > 0.2]
    time = np.concatenate([time, extra])
    symbol = np.concatenate([symbol, np.full(len(extra), FALSE_DETECTION)])
    order = np.argsort(time, kind="stable")
    sample = np.clip(np.round(time[order] * FS), 0, (rhythm.time[-1] + ENDS) * FS - 1)
    return sample.astype(np.int64), symbol[order]
