"""Sets of simulated patients as the rhythm network takes them: tokens and labels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from arrhythmia.ecg.segmentation import cut_beats
from arrhythmia.errors import DataError
from arrhythmia.features.table import beat_features
from arrhythmia.features.tokens import ENTRIES, rhythm_tokens
from arrhythmia.simulation.patients import STRATA
from arrhythmia.simulation.recordings import simulate_recording
from arrhythmia.utils.parallel import in_processes

MISSED = 0.05
"""Share of a patient's beats that are cut off: all have the same number, though a detector missed some."""

CUT = {
    **{"window": "centred", "fs": 125, "before": 0.3, "after": 0.5},
    **{"rr_before": 41, "rr_after": 40, "rr_long": 600},
}
"""How beats are cut, as params.yaml says. Tokens do not depend on the sampling rate, so that other windows of
real beats do not ask for another network; only a window without the P wave has less to tell."""


@dataclass(frozen=True)
class PatientSet:
    """Patients of all strata, each with the same number of beats.

    Attributes:
        tokens: `(patients, beats, entries)` float32, see `features.tokens`.
        label: `(patients, beats)` int8, an index into `aami.CLASSES`; Q are false detections.
        stratum: `(patients,)` int, an index into `STRATA`.
    """

    tokens: np.ndarray
    label: np.ndarray
    stratum: np.ndarray


def simulate_patients(
    seeds: Sequence[int],
    *,
    beats: int,
    jobs: int,
    on_patient: Callable[[], object] = lambda: None,
) -> PatientSet:
    """Simulate a patient of each stratum for each seed.

    Args:
        seeds: of the patients; equal seeds, equal patients, on whatever number of processes.
        beats: number of beats that each heart makes; `MISSED` fewer are kept.
        jobs: number of processes; 1: this one.
        on_patient: called after each patient.

    Raises:
        DataError: one of the processes was killed.
    """
    who = [(stratum, seed) for seed in seeds for stratum in STRATA]
    simulate = partial(simulate_patient, beats=beats)
    done = in_processes(simulate, who, jobs=jobs) if jobs > 1 else ((one, simulate(one)) for one in who)
    kept = beats - round(MISSED * beats)
    tokens = np.empty((len(who), kept, len(ENTRIES)), dtype=np.float32)
    label = np.empty((len(who), kept), dtype=np.int8)
    place = {one: i for i, one in enumerate(who)}
    for one, made in done:
        if made is None:
            raise DataError(
                "a simulation was killed, as the system does when memory runs out; close other programs, or "
                "simulate in one process: `ARRHYTHMIA_CORES=1 dvc repro`"
            )
        tokens[place[one]], label[place[one]] = (x[:kept] for x in made)
        on_patient()
    return PatientSet(tokens, label, np.tile(np.arange(len(STRATA)), len(seeds)))


def simulate_patient(who: tuple[str, int], *, beats: int) -> tuple[np.ndarray, np.ndarray]:
    """Simulate a patient; return tokens, `(n, entries)`, and labels, `(n,)`, of the beats that were detected.

    Args:
        who: stratum and seed.
        beats: number of beats that the heart makes.
    """
    stratum, seed = who
    made = cut_beats([simulate_recording(stratum, beats=beats, seed=seed)], source="simulated", **CUT)
    return rhythm_tokens(made, beat_features(made)), made.label
