"""Who the simulated patients are: what their hearts do, drawn for each of 15 kinds of patients.

A database has few patients, and what is rare in it, such as a heart most of whose beats are supraventricular,
cannot be learnt from it or tried on it. Here each kind is as frequent as the next, to train and to validate
on. The ranges are those of adults in textbooks (Surawicz & Knilans, Chou's Electrocardiography in Clinical
Practice, 6th ed. 2008) and, for the variability of the sinus rhythm, of the Task Force (Eur Heart J
17:354-381, 1996). Within a kind, a patient may have anything else as well, at its usual frequency.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

FOCI = 3
"""Places in the atria, and in the ventricles, from which one patient's ectopic beats come."""


@dataclass(frozen=True)
class SinusNode:
    """Basic rhythm.

    Attributes:
        cycle: mean interval, s.
        respiratory: amplitude of the respiratory sinus arrhythmia, share of the interval.
        respiratory_period: of a breath, s.
        spread: standard deviation of the slow changes of ln(interval).
        memory: time after which a slow change is forgotten, s.
        jitter: standard deviation of the change from one interval to the next, share of the interval.
        rate_changes: chance at a beat that the rate begins to go elsewhere, over some beats.
        pr: time from the middle of the P wave to the R peak, s.
    """

    cycle: float
    respiratory: float
    respiratory_period: float
    spread: float
    memory: float
    jitter: float
    rate_changes: float
    pr: float


@dataclass(frozen=True)
class AtrialEctopy:
    """Premature atrial beats; chances are 0..1.

    Attributes:
        rate: chance at a sinus beat that one comes next.
        coupling: of each focus, interval to the beat before in sinus cycles.
        coupling_spread: its standard deviation.
        return_cycle: interval after it in sinus cycles: that of a sinus node reset by it, near 1.
        compensatory: chance that the sinus node is not reset: a full pause.
        blocked: chance that it is not conducted.
        run: chance that it begins a run.
        run_length: median number of beats of a run.
        slow_run: chance that a run is slow and irregular, as with a sick sinus node.
        bigeminy: chance that every second, third or fourth beat is one for a while.
        aberrancy: chance that it is conducted with a bundle branch block.
        multifocal: whether the beats of a run come from all foci.
    """

    rate: float
    coupling: tuple[float, ...]
    coupling_spread: float
    return_cycle: float
    compensatory: float
    blocked: float
    run: float
    run_length: float
    slow_run: float
    bigeminy: float
    aberrancy: float
    multifocal: bool


@dataclass(frozen=True)
class VentricularEctopy:
    """Premature ventricular beats; chances are 0..1.

    Attributes:
        rate: chance at a sinus beat that one comes next.
        coupling: of each focus, interval to the beat before in sinus cycles.
        coupling_spread: its standard deviation.
        compensatory: chance of a fully compensatory pause.
        interpolated: chance of none at all: the next sinus beat is conducted.
        run: chance that it begins a run.
        bigeminy: chance that every second, third or fourth beat is one for a while.
    """

    rate: float
    coupling: tuple[float, ...]
    coupling_spread: float
    compensatory: float
    interpolated: float
    run: float
    bigeminy: float


@dataclass(frozen=True)
class Fibrillation:
    """Atrial fibrillation and flutter.

    Attributes:
        rate: chance at a sinus beat that an episode begins.
        permanent: whether there is no sinus rhythm.
        cycle: mean RR interval, s.
        spread: standard deviation of ln(RR).
        flutter: share of episodes that are flutter.
        aberrancy: chance that a beat after a short interval that follows a long one has a bundle
            branch block (Gouaux & Ashman, Am Heart J 34:366-373, 1947).
    """

    rate: float
    permanent: bool
    cycle: float
    spread: float
    flutter: float
    aberrancy: float


@dataclass(frozen=True)
class Patient:
    """A simulated patient; rates are chances at a sinus beat.

    Attributes:
        sinus: basic rhythm.
        atrial: premature atrial beats.
        ventricular: premature ventricular beats.
        fibrillation: atrial fibrillation and flutter.
        block_rate: of episodes of atrioventricular block of second or third degree.
        junctional_rate: of episodes of junctional rhythm.
        pause_rate: of sinus pauses.
        sick_sinus: whether the sinus node recovers slowly after fast beats.
        noisy: whether the recording is.
        missed: share of beats that a detector misses.
        false: number of false detections in beats.
    """

    sinus: SinusNode
    atrial: AtrialEctopy
    ventricular: VentricularEctopy
    fibrillation: Fibrillation
    block_rate: float
    junctional_rate: float
    pause_rate: float
    sick_sinus: bool
    noisy: bool
    missed: float
    false: float


USUAL = {
    "atrial": 0.5,
    "atrial_runs": 0.4,
    "ventricular": 0.5,
    "fibrillation": 0.1,
    "aberrant_fibrillation": 0.2,
    "block": 0.08,
    "junctional": 0.08,
    "sick_sinus": 0.1,
    "noise": 0.15,
    "detection": 0.1,
}
"""How frequent each condition is among the patients of a kind that is not about it."""

Change = Callable[[Patient, np.random.Generator], Patient]


@dataclass(frozen=True)
class Stratum:
    """A kind of patients.

    Attributes:
        prevalence: of conditions, where it is not that of `USUAL`.
        s_share: least and greatest share of supraventricular ectopic beats.
        change: what else the kind is made of.
    """

    prevalence: Mapping[str, float] = field(default_factory=dict)
    s_share: tuple[float, float] = (0.0, 1.0)
    change: Change = lambda patient, rng: patient


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a number whose logarithm is uniform: as often between 0.01 and 0.02 as between 0.1 and 0.2."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def draw_patient(stratum: str, rng: np.random.Generator) -> Patient:
    """Draw a patient of a kind.

    Args:
        stratum: a key of `STRATA`.
        rng: source of chance.
    """
    kind = STRATA[stratum]
    has = {name: rng.random() < share for name, share in (USUAL | dict(kind.prevalence)).items()}
    fast_and_slow = has["sick_sinus"] and rng.random() < 0.6
    patient = Patient(
        sinus=draw_sinus(rng),
        atrial=draw_atrial(rng, present=has["atrial"], runs=has["atrial_runs"]),
        ventricular=draw_ventricular(rng, present=has["ventricular"]),
        fibrillation=draw_fibrillation(
            rng, present=has["fibrillation"], aberrant=has["aberrant_fibrillation"]
        ),
        block_rate=log_uniform(rng, 0.002, 0.05) if has["block"] else 0.0,
        junctional_rate=0.0025 if has["junctional"] else 0.0,
        pause_rate=log_uniform(rng, 0.001, 0.05) if has["sick_sinus"] else 0.0,
        sick_sinus=has["sick_sinus"],
        noisy=has["noise"],
        missed=log_uniform(rng, 0.0005, 0.01) if has["detection"] else 0.0,
        false=log_uniform(rng, 0.0003, 0.006) if has["detection"] else 0.0,
    )
    if fast_and_slow and has["atrial"]:
        patient = with_slow_sinus(patient, rng)
    return kind.change(patient, rng)


def draw_sinus(rng: np.random.Generator) -> SinusNode:
    """Draw a basic rhythm of 45 to 125 beats a minute."""
    return SinusNode(
        cycle=60 / log_uniform(rng, 45, 125),
        respiratory=log_uniform(rng, 0.003, 0.12),
        respiratory_period=rng.uniform(2.5, 7),
        spread=log_uniform(rng, 0.01, 0.15),
        memory=log_uniform(rng, 10, 300),
        jitter=log_uniform(rng, 0.003, 0.03),
        rate_changes=log_uniform(rng, 0.001, 0.02) if rng.random() < 0.25 else 0.0,
        pr=rng.uniform(0.11, 0.21),
    )


def draw_atrial(rng: np.random.Generator, *, present: bool, runs: bool) -> AtrialEctopy:
    """Draw how premature atrial beats come, seldom in runs unless `runs`."""
    return AtrialEctopy(
        rate=log_uniform(rng, 0.001, 0.15) if present else 0.0,
        coupling=tuple(rng.uniform(0.5, 0.94, FOCI)),
        coupling_spread=log_uniform(rng, 0.01, 0.1),
        return_cycle=rng.uniform(0.95, 1.3),
        compensatory=0.8 if rng.random() < 0.25 else 0.0,
        blocked=rng.uniform(0, 0.5) if rng.random() < 0.15 else 0.0,
        run=rng.uniform(0, 0.6) if runs else 0.03,
        run_length=log_uniform(rng, 3, 200),
        slow_run=0.0,
        bigeminy=rng.uniform(0, 0.4) if rng.random() < 0.35 else 0.0,
        aberrancy=rng.uniform(0.1, 1) if rng.random() < 0.12 else 0.0,
        multifocal=rng.random() < 0.15,
    )


def draw_ventricular(rng: np.random.Generator, *, present: bool) -> VentricularEctopy:
    """Draw how premature ventricular beats come."""
    return VentricularEctopy(
        rate=log_uniform(rng, 0.001, 0.2) if present else 0.0,
        coupling=tuple(rng.uniform(0.45, 0.95, FOCI)),
        coupling_spread=log_uniform(rng, 0.01, 0.1),
        compensatory=rng.uniform(0, 1) if rng.random() < 0.3 else 0.95,
        interpolated=rng.uniform(0.1, 1) if rng.random() < 0.15 else 0.0,
        run=rng.uniform(0, 0.4) if rng.random() < 0.3 else 0.02,
        bigeminy=rng.uniform(0, 0.5) if rng.random() < 0.4 else 0.0,
    )


def draw_fibrillation(rng: np.random.Generator, *, present: bool, aberrant: bool) -> Fibrillation:
    """Draw atrial fibrillation, or none; intervals as in Bootsma et al., Circulation 41:783-794, 1970."""
    return Fibrillation(
        rate=0.0015 if present else 0.0,
        permanent=present and rng.random() < 0.5,
        cycle=60 / log_uniform(rng, 50, 150),
        spread=rng.uniform(0.12, 0.32),
        flutter=0.3 if rng.random() < 0.35 else 0.0,
        aberrancy=log_uniform(rng, 0.03, 0.45) if aberrant else 0.0,
    )


def with_slow_sinus(patient: Patient, rng: np.random.Generator) -> Patient:
    """Return the patient with a slow sinus rhythm and slow runs of atrial beats."""
    return replace(
        patient,
        sinus=replace(patient.sinus, cycle=60 / rng.uniform(36, 70)),
        atrial=replace(patient.atrial, slow_run=rng.uniform(0.2, 1)),
        pause_rate=min(patient.pause_rate, 0.01),
        sick_sinus=True,
    )


def few_atrial(patient: Patient, rng: np.random.Generator) -> Patient:
    """Return the patient with premature atrial beats now and then."""
    run = rng.uniform(0, 0.15) if rng.random() < 0.4 else 0.0
    return with_atrial(
        patient,
        rate=log_uniform(rng, 0.0007, 0.015),
        run=run,
        run_length=log_uniform(rng, 2, 8),
        bigeminy=0.0,
    )


def some_atrial(patient: Patient, rng: np.random.Generator) -> Patient:
    """Return the patient with frequent premature atrial beats."""
    run = rng.uniform(0, 0.4) if rng.random() < 0.5 else 0.02
    return with_atrial(
        patient, rate=log_uniform(rng, 0.004, 0.12), run=run, run_length=log_uniform(rng, 3, 30)
    )


def many_atrial(patient: Patient, rng: np.random.Generator) -> Patient:
    """Return the patient with premature atrial beats again and again, half with a sick sinus node."""
    run = rng.uniform(0, 0.6) if rng.random() < 0.6 else 0.03
    patient = with_atrial(
        patient, rate=log_uniform(rng, 0.02, 0.4), run=run, run_length=log_uniform(rng, 3, 60)
    )
    return with_slow_sinus(patient, rng) if rng.random() < 0.4 else patient


def half_atrial(patient: Patient, rng: np.random.Generator) -> Patient:
    """Return the patient with long runs of atrial beats, or with atrial bigeminy."""
    if rng.random() < 0.25:
        patient = with_atrial(
            patient,
            rate=rng.uniform(0.3, 0.9),
            run=rng.uniform(0, 0.2),
            bigeminy=rng.uniform(0.5, 1),
        )
    else:
        run_length = log_uniform(rng, 3, 150)
        patient = with_atrial(
            patient, rate=log_uniform(rng, 0.02, 0.7), run=rng.uniform(0.1, 0.95), run_length=run_length
        )
    return with_slow_sinus(patient, rng) if rng.random() < 0.4 else patient


def mostly_atrial(patient: Patient, rng: np.random.Generator) -> Patient:
    """Return the patient with runs of atrial beats that are longer than the sinus rhythm between them."""
    patient = with_atrial(
        patient,
        rate=log_uniform(rng, 0.03, 0.9),
        run=rng.uniform(0.6, 1.0),
        run_length=log_uniform(rng, 4, 200),
    )
    return with_slow_sinus(patient, rng) if rng.random() < 0.5 else patient


def with_atrial(patient: Patient, **changes: float) -> Patient:
    """Return the patient with other premature atrial beats, and no permanent fibrillation."""
    return replace(
        patient,
        atrial=replace(patient.atrial, **changes),
        fibrillation=replace(patient.fibrillation, permanent=False),
    )


def with_block(patient: Patient, rng: np.random.Generator) -> Patient:
    """Return the patient with frequent episodes of atrioventricular block."""
    return replace(patient, block_rate=log_uniform(rng, 0.005, 0.15))


def with_fibrillation(patient: Patient, rng: np.random.Generator) -> Patient:
    """Return the patient with fibrillation, permanent or frequent."""
    changed = replace(
        patient.fibrillation,
        permanent=rng.random() < 0.6,
        rate=log_uniform(rng, 0.002, 0.01),
        flutter=0.0,
    )
    return replace(patient, fibrillation=changed)


def with_flutter(patient: Patient, rng: np.random.Generator) -> Patient:
    """Return the patient with flutter, permanent or frequent, between episodes of fibrillation."""
    patient = with_fibrillation(patient, rng)
    return replace(patient, fibrillation=replace(patient.fibrillation, flutter=rng.uniform(0.5, 1)))


def with_ventricular(patient: Patient, rng: np.random.Generator) -> Patient:
    """Return the patient with frequent premature ventricular beats."""
    changed = replace(
        patient.ventricular,
        rate=log_uniform(rng, 0.01, 0.35),
        run=rng.uniform(0, 0.5) if rng.random() < 0.5 else 0.03,
        bigeminy=rng.uniform(0, 0.8) if rng.random() < 0.6 else 0.0,
    )
    return replace(patient, ventricular=changed)


def with_pauses(patient: Patient, rng: np.random.Generator) -> Patient:
    """Return the patient with a slow sinus node that pauses."""
    sinus = replace(patient.sinus, cycle=60 / rng.uniform(36, 70))
    return replace(patient, sinus=sinus, pause_rate=log_uniform(rng, 0.003, 0.08), sick_sinus=True)


def with_junctional(patient: Patient, rng: np.random.Generator) -> Patient:
    """Return the patient with frequent junctional rhythm."""
    return replace(patient, junctional_rate=log_uniform(rng, 0.002, 0.03))


ECTOPY = ("atrial", "atrial_runs", "ventricular", "fibrillation", "block", "junctional", "sick_sinus")

STRATA = {
    "no_ectopy": Stratum(dict.fromkeys(ECTOPY, 0.0)),
    "s_below_2": Stratum({"atrial": 1, "sick_sinus": 0.03, "fibrillation": 0.03}, (0.0, 0.02), few_atrial),
    "s_2_to_10": Stratum({"atrial": 1}, (0.02, 0.1), some_atrial),
    "s_10_to_30": Stratum({"atrial": 1}, (0.1, 0.3), many_atrial),
    "s_30_to_60": Stratum({"atrial": 1}, (0.3, 0.6), half_atrial),
    "s_above_60": Stratum({"atrial": 1}, (0.6, 1.0), mostly_atrial),
    "av_block": Stratum({"block": 1, "sick_sinus": 0.2}, change=with_block),
    "fibrillation": Stratum(
        {"fibrillation": 1, "block": 0, "aberrant_fibrillation": 0}, change=with_fibrillation
    ),
    "aberrant_fibrillation": Stratum(
        {"fibrillation": 1, "block": 0, "aberrant_fibrillation": 1}, change=with_fibrillation
    ),
    "flutter": Stratum({"fibrillation": 1, "block": 0, "aberrant_fibrillation": 0}, change=with_flutter),
    "ventricular": Stratum({"ventricular": 1}, change=with_ventricular),
    "sick_sinus": Stratum({"sick_sinus": 1, "junctional": 0.3, "block": 0.2}, change=with_pauses),
    "junctional": Stratum({"junctional": 1}, change=with_junctional),
    "noisy": Stratum({"noise": 1, "detection": 1, "atrial": 0.6, "fibrillation": 0.2}),
    "mixed": Stratum({"atrial": 0.62, "ventricular": 0.55, "fibrillation": 0.22, "sick_sinus": 0.12}),
}
"""The kinds of patients; `s_*_to_*` by percent of supraventricular ectopic beats."""
