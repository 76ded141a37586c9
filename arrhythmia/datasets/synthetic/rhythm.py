"""Who the synthetic patients are, and when which of their beats occur.

The RR intervals of the basic rhythm vary as in McSharry et al. 2003 (cited in `waveforms`): respiratory
sinus arrhythmia and Mayer waves around a mean, plus slow noise. Premature beats come on top, by the textbook
rule: a ventricular beat leaves the sinus node alone, so that the next sinus beat is on time (a full
compensatory pause); an atrial one resets it (a shorter pause).
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

Wave = Callable[[np.ndarray], np.ndarray]
"""A function of time in s."""


@dataclass(frozen=True)
class Patient:
    """An invented patient.

    Attributes:
        base: annotation symbol of the basic rhythm (`N`, `L`, `R` or `/`).
        rr: mean RR interval of the basic rhythm, s.
        share: which part of the beats have which other symbol; rare ones first, for they are placed first.
        early: mean coupling of beats that come early from above the ventricles, in RR intervals.
        runs: chance that an early beat is followed by another of its kind.
        fibrillation: atrial fibrillation: no P waves, irregular rhythm.
    """

    base: str
    rr: float
    share: dict[str, float]
    early: float = 0.75
    runs: float = 0.05
    fibrillation: bool = False

    @property
    def sinus(self) -> bool:
        """Whether the sinus node makes the basic rhythm, neither a pacemaker nor fibrillating atria."""
        return self.base != "/" and not self.fibrillation


PATIENTS = (
    Patient("N", 0.80, {"Q": 0.015, "A": 0.03}, early=0.84),
    Patient("N", 0.86, {"V": 0.02, "A": 0.05}, early=0.76),
    Patient("N", 0.72, {"F": 0.06, "V": 0.17}, runs=0.15),
    Patient("N", 0.78, {"Q": 0.015, "A": 0.02, "F": 0.07, "V": 0.14}),
    Patient("L", 0.84, {"Q": 0.02, "V": 0.06}),
    Patient("L", 0.92, {"F": 0.03, "A": 0.04, "V": 0.09}, early=0.78),
    Patient("N", 0.68, {"V": 0.015, "A": 0.17}, early=0.76, runs=0.30),
    Patient("N", 0.75, {"A": 0.24}, early=0.74, runs=0.50),
    Patient("R", 0.80, {"Q": 0.02, "A": 0.08}, early=0.82),
    Patient("R", 0.83, {"Q": 0.015, "V": 0.03, "A": 0.05}, early=0.72),
    Patient("N", 0.70, {"F": 0.04, "V": 0.11}, fibrillation=True),
    Patient("N", 0.66, {"Q": 0.02, "V": 0.13}, fibrillation=True, runs=0.15),
    Patient("N", 0.95, {"A": 0.06, "F": 0.07, "V": 0.22}, early=0.68),
    Patient("N", 0.62, {"Q": 0.02, "A": 0.03, "F": 0.05, "V": 0.15}, early=0.80, runs=0.20),
    Patient("/", 0.86, {"f": 0.06, "N": 0.10}, early=0.85, runs=0.60),
    Patient("/", 0.80, {"V": 0.03, "f": 0.10, "N": 0.05}, early=0.88, runs=0.40),
)
"""One patient for each name in `aami.SYNTHETIC_RECORDS`: odd names make DS1, even ones DS2, the last two are
paced. Written down rather than drawn, so that every class occurs in both halves whatever the seed, often in
some patients and never in others, as in real collections."""


def sine(frequency: float, rng: np.random.Generator) -> Wave:
    """Return a sine wave of this frequency (Hz), amplitude 1 and random phase, as a function of time (s)."""
    phase = rng.uniform(0, 2 * np.pi)
    return lambda time: np.sin(2 * np.pi * frequency * time + phase)


def draw_rhythm(
    patient: Patient, breath: Wave, rng: np.random.Generator, *, seconds: float
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the beats of a recording.

    Args:
        patient: whose heart it is.
        breath: respiration, -1..1.
        rng: source of the variability.
        seconds: duration of the recording, s.

    Returns:
        `(n,)` annotation symbols and `(n,)` times of the R peaks, s, ascending.
    """
    symbols = draw_symbols(patient, int(1.4 * seconds / patient.rr), rng)  # more than will fit
    times = draw_times(patient, symbols, breath, rng)
    times = times[times < seconds - 0.2]
    return symbols[: len(times)], times


def draw_symbols(patient: Patient, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw the `(n,)` annotation symbols of consecutive beats.

    The `m` beats or runs of a symbol start one in each of `m` equal stretches, `m` at least 2, so that the
    first half of the beats has each of the patient's symbols.
    """
    symbols = np.full(n, patient.base)
    for symbol, share in patient.share.items():
        starts = max(2, round(share * (1 - patient.runs) * n))
        edges = np.linspace(2, n - 1, starts + 1).astype(int)
        for first, last in pairwise(edges):
            own = symbols == patient.base
            free = first + np.flatnonzero((own[:-2] & own[1:-1] & own[2:])[first - 1 : last - 1])
            if len(free):
                at = rng.choice(free)
                length = rng.geometric(1 - patient.runs) if symbol in "AVNf" else 1
                run = symbols[at : at + length]
                run[run == patient.base] = symbol
    return symbols


def draw_coupling(patient: Patient, symbols: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw the `(n,)` intervals that end with each beat, as multiples of the basic rhythm's at that time."""
    n = len(symbols)
    basic = np.exp(rng.normal(0, 0.2 if patient.fibrillation else 0.004, n))
    after_atrial = np.append(False, symbols[:-1] == "A")
    basic[after_atrial] = rng.uniform(1.0, 1.08, after_atrial.sum())  # the sinus node, reset, takes longer
    early = {
        "A": rng.normal(patient.early, 0.05, n),
        "N": rng.normal(patient.early, 0.05, n),  # under a pacemaker: the heart's own beats come before it
        "V": rng.normal(rng.uniform(0.58, 0.76), 0.05, n),
        "F": rng.normal(0.95, 0.02, n),
        "f": rng.normal(0.97, 0.02, n),
        "Q": rng.uniform(0.75, 1.0, n),
    }
    others = [symbol for symbol in early if symbol != patient.base]
    coupling = np.select([symbols == other for other in others], [early[other] for other in others], basic)
    return np.clip(coupling, 0.45, 1.7)


def draw_times(patient: Patient, symbols: np.ndarray, breath: Wave, rng: np.random.Generator) -> np.ndarray:
    """Draw the `(n,)` times (s) of the R peaks of beats with these `(n,)` symbols."""
    coupling = draw_coupling(patient, symbols, rng)
    pauses = np.isin(symbols, list("VFQ")) & patient.sinus
    mayer, slow = sine(rng.uniform(0.08, 0.11), rng), slow_noise(len(symbols), rng)
    times, pause = [rng.uniform(0.3, 0.8)], 0.0
    for k in range(1, len(symbols)):
        natural = patient.rr
        if patient.sinus:
            natural *= 1 + 0.03 * breath(times[-1]) + 0.02 * mayer(times[-1]) + slow[k]
        interval = natural * coupling[k] + (pause if symbols[k] == patient.base else 0.0)
        pause = natural * (1 - coupling[k]) if pauses[k] else 0.0
        times.append(times[-1] + interval)
    return np.array(times)


def slow_noise(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw `(n,)` values of a wandering around 0 with a memory of some 20 beats and a spread of 0.02."""
    kicks = rng.normal(0, 0.02 * np.sqrt(1 - 0.95**2), n + 100)
    return np.convolve(kicks, 0.95 ** np.arange(100))[100 : n + 100]
