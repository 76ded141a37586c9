"""When which beats and P waves of a simulated patient come, by the rules of textbooks.

Impulses are followed from where they arise: the sinus node, a focus in the atria, the junction or a
ventricle. What happens to the next ones follows from that. Sources: Surawicz & Knilans, Chou's
Electrocardiography in Clinical Practice, 6th ed. 2008, chapters 13 to 18, and for single rules as given.
"""

from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import numpy as np

from arrhythmia.simulation.patients import FOCI, Patient, log_uniform

SHORTEST = 0.22
"""No interval is shorter: the ventricles are refractory, s."""


class Origin(IntEnum):
    """Where a P wave comes from."""

    SINUS = 0
    ECTOPIC = 1
    RETROGRADE = 2


@dataclass(frozen=True)
class Rhythm:
    """What a patient's heart did, in the order of time.

    Attributes:
        time: `(n,)` of the R peaks, s.
        symbol: `(n,)` str: annotation symbols, of `aami.SYMBOLS`.
        focus: `(n,)` int: which of the foci an ectopic beat comes from; 0 for others.
        p_time: `(m,)` of the middles of the P waves, s, conducted or not.
        p_origin: `(m,)` int, see `Origin`.
        p_focus: `(m,)` int: which of the foci an ectopic P wave comes from; 0 for others.
        fibrillation: `(k, 2)` start and end of each episode of atrial fibrillation, s.
        flutter: `(l, 3)` start and end of each episode of atrial flutter, s, and flutter waves a second, Hz.
    """

    time: np.ndarray
    symbol: np.ndarray
    focus: np.ndarray
    p_time: np.ndarray
    p_origin: np.ndarray
    p_focus: np.ndarray
    fibrillation: np.ndarray
    flutter: np.ndarray


def simulate_rhythm(patient: Patient, beats: int, rng: np.random.Generator) -> Rhythm:
    """Let the patient's heart beat.

    Args:
        patient: whose heart.
        beats: number of beats.
        rng: source of chance.
    """
    heart = Heart(patient, beats, rng)
    while patient.fibrillation.permanent and not heart.full:
        heart.fibrillation(round(log_uniform(rng, 50, 3000)))
    events = (
        (patient.fibrillation.rate, lambda: heart.fibrillation(round(log_uniform(rng, 15, 800)))),
        (patient.junctional_rate, heart.junctional_rhythm),
        (patient.pause_rate, heart.sinus_pause),
        (patient.block_rate, heart.atrioventricular_block),
    )
    ectopy = (
        (patient.atrial.rate, heart.atrial_ectopy),
        (patient.ventricular.rate, heart.ventricular_ectopy),
    )
    activity = 1.0  # ectopic beats come in swarms
    while not heart.full:
        if rng.random() < 0.01:
            activity = log_uniform(rng, 0.1, 4)
        for chance, event in (*events, *((activity * rate, event) for rate, event in ectopy)):
            if rng.random() < chance:
                event()
                break
        else:
            heart.sinus_beat()
    return heart.rhythm()


class Heart:
    """A heart and what it has done so far; each method lets something happen and adds it."""

    def __init__(self, patient: Patient, beats: int, rng: np.random.Generator) -> None:
        """Start with one sinus beat; `beats` are wanted in all."""
        self.patient, self.wanted, self.rng = patient, beats, rng
        self._beats: list[tuple[float, str, int]] = []
        self._p_waves: list[tuple[float, int, int]] = []
        self._fibrillation: list[tuple[float, float]] = []
        self._flutter: list[tuple[float, float, float]] = []
        self.time = 0.0
        self._slow = self._fast = 0.0
        self._cycle = self._goal = patient.sinus.cycle
        self._beats_to_goal = 10.0
        self.sinus_beat()

    @property
    def full(self) -> bool:
        """Whether there are as many beats as wanted."""
        return len(self._beats) >= self.wanted

    def rhythm(self) -> Rhythm:
        """Return what happened up to the last beat wanted."""
        time, symbol, focus = zip(*self._beats[: self.wanted], strict=True)
        waves = np.array(sorted(p for p in self._p_waves if p[0] < time[-1])).reshape(-1, 3)
        return Rhythm(
            time=np.array(time),
            symbol=np.array(symbol),
            focus=np.array(focus),
            p_time=waves[:, 0],
            p_origin=waves[:, 1].astype(int),
            p_focus=waves[:, 2].astype(int),
            fibrillation=np.array(
                [(start, min(end, time[-1])) for start, end in self._fibrillation if start < time[-1]]
            ).reshape(-1, 2),
            flutter=np.array(
                [(start, min(end, time[-1]), hz) for start, end, hz in self._flutter if start < time[-1]]
            ).reshape(-1, 3),
        )

    def beat(self, interval: float, symbol: str = "N", focus: int = 0) -> None:
        """Add a beat `interval` s after the last one."""
        self.time += max(interval, SHORTEST)
        self._beats.append((self.time, symbol, focus))

    def p_wave(self, time: float, origin: Origin = Origin.SINUS, focus: int = 0) -> None:
        """Add a P wave at `time` s."""
        self._p_waves.append((time, origin, focus))

    def sinus_beat(self, interval: float | None = None) -> None:
        """Add a beat conducted from the sinus node; `interval` (s) where something before it sets it."""
        self.beat(self.sinus_interval() if interval is None else interval)
        self.p_wave(self.time - self.patient.sinus.pr)

    def sinus_interval(self) -> float:
        """Return the sinus node's next interval, s.

        Slow changes, respiratory sinus arrhythmia and jitter multiply; the mean rate now and then goes
        elsewhere over some beats, since a sinus node never jumps.
        """
        rng, node = self.rng, self.patient.sinus
        if rng.random() < node.rate_changes:
            self._goal = node.cycle * log_uniform(rng, 0.7, 1.4)
            self._beats_to_goal = log_uniform(rng, 4, 30)
        self._cycle += (self._goal - self._cycle) / self._beats_to_goal
        forgotten = node.cycle / node.memory
        self._slow += -self._slow * forgotten + node.spread * np.sqrt(2 * forgotten) * rng.normal()
        self._fast = 0.8 * self._fast + 0.6 * node.jitter * rng.normal()
        breath = node.respiratory * np.sin(2 * np.pi * self.time / node.respiratory_period)
        interval = self._cycle * np.exp(self._slow + self._fast) * (1 + breath)
        return min(max(interval * (1 + node.jitter * rng.normal()), 0.38), 2.2)

    def atrial_beat(self, cycle: float, focus: int | None = None) -> float:
        """Add a premature atrial beat and return how early it was, s."""
        rng, atrial = self.rng, self.patient.atrial
        focus = int(rng.integers(FOCI)) if focus is None else focus
        coupling = min(max(atrial.coupling[focus] + atrial.coupling_spread * rng.normal(), 0.35), 0.96)
        more_when_early = 1.5 if coupling < 0.65 else 0.6
        self.atrial_impulse(cycle * coupling, focus, aberrant=atrial.aberrancy * more_when_early)
        return cycle * (1 - coupling)

    def atrial_impulse(self, interval: float, focus: int, *, aberrant: float = 0.0) -> None:
        """Add a beat from a focus in the atria, with a bundle branch block by chance `aberrant`."""
        self.beat(interval, "a" if self.rng.random() < aberrant else "A", focus)
        self.p_wave(self.time - self.patient.sinus.pr, Origin.ECTOPIC, focus)

    def after_atrial_beat(self, cycle: float, early: float) -> None:
        """Add the sinus beat after a premature atrial one, which as a rule resets the sinus node."""
        rng, atrial = self.rng, self.patient.atrial
        if rng.random() < atrial.compensatory:
            interval = cycle + early
        else:
            interval = cycle * (atrial.return_cycle + 0.05 * rng.normal())
        if self.patient.sick_sinus and rng.random() < 0.3:  # overdrive suppression
            interval = cycle * rng.uniform(1.2, 3)
        self.sinus_beat(max(interval, 0.75 * cycle))

    def atrial_ectopy(self) -> None:
        """Add a premature atrial beat: alone, two, blocked, in bigeminy to quadrigeminy, or a run."""
        rng, atrial = self.rng, self.patient.atrial
        cycle, chance = self.sinus_interval(), rng.random()
        if chance < atrial.run:
            self.atrial_run(cycle)
        elif chance < atrial.run + atrial.bigeminy:
            sinus_beats, focus = int(rng.choice([1, 1, 2, 3])), int(rng.integers(FOCI))
            for _ in range(round(log_uniform(rng, 3, 80))):
                early = self.atrial_beat(self.sinus_interval(), focus)
                self.after_atrial_beat(self.sinus_interval(), early)
                for _ in range(sinus_beats - 1):
                    self.sinus_beat()
        elif rng.random() < atrial.blocked:  # its P wave lies on the T wave, and the sinus node is reset
            early_p = cycle * atrial.coupling[0]
            self.p_wave(self.time + early_p - self.patient.sinus.pr, Origin.ECTOPIC)
            self.sinus_beat(early_p + self.sinus_interval() * atrial.return_cycle)
        else:
            early = self.atrial_beat(cycle)
            if rng.random() < 0.08:
                early = self.atrial_beat(cycle, focus=1)
            self.after_atrial_beat(self.sinus_interval(), early)

    def atrial_run(self, cycle: float) -> None:
        """Add a run of atrial beats: regular and fast, or slow and irregular, or from several foci."""
        rng, atrial = self.rng, self.patient.atrial
        focus, length = int(rng.integers(FOCI)), max(2, round(rng.lognormal(np.log(atrial.run_length), 0.8)))
        slow = atrial.multifocal or rng.random() < atrial.slow_run
        self.atrial_beat(cycle, focus)
        if slow:
            interval = min(rng.uniform(0.42, 1.0) * cycle, 0.9)
            irregular = log_uniform(rng, 0.01, 0.2)
        else:
            interval = rng.uniform(0.4, 0.92) * cycle if rng.random() < 0.7 else log_uniform(rng, 0.28, 0.6)
            interval = min(interval, 0.92 * cycle)
            irregular = log_uniform(rng, 0.004, 0.06)
        warming_up = rng.uniform(0, 0.25) if rng.random() < 0.4 else 0.0
        wandering = 0.0
        for i in range(length - 1):
            wandering += 0.3 * irregular * rng.normal() - 0.05 * wandering
            factor = (1 + warming_up * np.exp(-i / 5)) * np.exp(wandering + irregular * rng.normal())
            place = int(rng.integers(FOCI)) if atrial.multifocal else focus
            self.atrial_impulse(min(interval * factor, cycle * (0.97 if i < 3 else 1.05)), place)
            if rng.random() < 0.3 * self.patient.ventricular.rate:
                self.ventricular_beat(interval)
            if self.full:
                return
        recovery = rng.uniform(1, 1.6)
        if self.patient.sick_sinus and rng.random() < 0.7:
            recovery = rng.uniform(1.2, 4)
        self.sinus_beat(min(recovery * cycle, 6.0))

    def ventricular_beat(self, cycle: float, focus: int | None = None) -> float:
        """Add a premature ventricular beat, a fusion if it is late, and return how early it was, s."""
        rng, ventricular = self.rng, self.patient.ventricular
        if focus is None:
            focus = int(rng.choice([0, 0, 0, 1, 2]))
        spread = ventricular.coupling_spread * rng.normal()
        coupling = min(max(ventricular.coupling[focus] + spread, 0.3), 1.02)
        fusion = rng.random() < min((coupling - 0.75) / 0.2, 0.9)  # the sinus impulse is on its way
        sinus_p = self.time + cycle - self.patient.sinus.pr  # the sinus node knows nothing of it
        self.beat(cycle * coupling, "F" if fusion else "V", focus)
        self.p_wave(sinus_p)
        return cycle * (1 - coupling)

    def after_ventricular_beat(self, cycle: float, early: float) -> None:
        """Add the sinus beat after a premature ventricular one, as a rule on the sinus node's own time."""
        rng, ventricular = self.rng, self.patient.ventricular
        if early > 0.05 and rng.random() < ventricular.interpolated:
            self.beat(max(early * rng.uniform(1, 1.15), 0.3))  # the P wave is that of `ventricular_beat`
        elif rng.random() < ventricular.compensatory:
            self.sinus_beat(cycle + early)
        else:
            self.sinus_beat(cycle * rng.uniform(0.95, 1.3))

    def ventricular_ectopy(self) -> None:
        """Add a premature ventricular beat: alone, a run, or in bigeminy to quadrigeminy."""
        rng, ventricular = self.rng, self.patient.ventricular
        cycle, chance = self.sinus_interval(), rng.random()
        if chance < ventricular.run:
            self.ventricular_run(cycle)
        elif chance < ventricular.run + ventricular.bigeminy:
            sinus_beats, focus = int(rng.integers(1, 4)), int(rng.integers(FOCI))
            for _ in range(round(log_uniform(rng, 3, 60))):
                cycle = self.sinus_interval()
                self.after_ventricular_beat(cycle, self.ventricular_beat(cycle, focus))
                for _ in range(sinus_beats - 1):
                    self.sinus_beat()
        else:
            self.after_ventricular_beat(cycle, self.ventricular_beat(cycle))

    def ventricular_run(self, cycle: float) -> None:
        """Add a run of ventricular beats, a tachycardia or an accelerated idioventricular rhythm."""
        rng = self.rng
        self.ventricular_beat(cycle, 0)
        length = min(max(2, round(rng.lognormal(np.log(3.5), 0.8))), 200)
        interval = log_uniform(rng, 0.28, 0.62)
        if rng.random() < 0.2:
            interval, length = self.patient.sinus.cycle * rng.uniform(0.8, 1.1), 3 * length
        for _ in range(length - 1):
            self.beat(interval * np.exp(0.05 * rng.normal()), "V")
        self.sinus_beat(cycle * rng.uniform(1, 1.7))

    def fibrillation(self, beats: int) -> None:
        """Add an episode of atrial fibrillation or flutter of about so many beats."""
        start = self.time
        if self.rng.random() < self.patient.fibrillation.flutter:
            rate = self._flutter_beats(beats)
            self._flutter.append((start, self.time, rate))
        else:
            self._fibrillation_beats(beats)
            self._fibrillation.append((start, self.time))
        if not self.patient.fibrillation.permanent:
            self.sinus_beat(self.sinus_interval() * self.rng.uniform(1, 1.6))

    def _fibrillation_beats(self, beats: int) -> None:
        """Add beats at intervals of which no one tells the next (Bootsma et al. 1970)."""
        rng, atria = self.rng, self.patient.fibrillation
        mean, previous, drift = atria.cycle * rng.uniform(0.85, 1.15), atria.cycle, 0.0
        for _ in range(beats):
            drift = 0.98 * drift + 0.02 * rng.normal()
            interval = mean * np.exp(atria.spread * rng.normal() + drift - 0.5 * atria.spread**2)
            interval = max(interval, 0.28 + 0.06 * abs(rng.normal()))
            after_long = previous > 0.9 * mean and interval < 0.85 * mean
            if rng.random() < 0.6 * self.patient.ventricular.rate:
                early = mean * self.patient.ventricular.coupling[0] * rng.uniform(0.8, 1.1)
                self.beat(min(interval, early), "V")
            elif after_long and rng.random() < atria.aberrancy:
                self.beat(interval, "a", 1)
            else:
                self.beat(interval)
            previous = interval
            if self.full:
                return

    def _flutter_beats(self, beats: int) -> float:
        """Add beats at multiples of the atria's interval, fixed or varying; return the atria's rate, Hz."""
        rng = self.rng
        interval, end = rng.uniform(0.17, 0.28), len(self._beats) + beats
        while len(self._beats) < end and not self.full:
            usual, fixed = int(rng.choice([2, 2, 3, 4])), rng.random() < 0.5
            for _ in range(round(log_uniform(rng, 5, 200))):
                ratio = usual if fixed else int(rng.choice([2, 3, 4, 5], p=[0.4, 0.15, 0.35, 0.1]))
                self.beat(ratio * max(interval, 0.28 / ratio) * (1 + 0.02 * rng.normal()))
                if rng.random() < 0.3 * self.patient.ventricular.rate:
                    self.beat(log_uniform(rng, 0.35, 0.6), "V")
        return 1 / interval

    def atrioventricular_block(self) -> None:
        """Add an episode of second-degree block, Wenckebach's or Mobitz's, or of third-degree block."""
        kind, length = self.rng.random(), round(log_uniform(self.rng, 1, 60))
        if kind < 0.5:
            self._wenckebach(length)
        elif kind < 0.93:
            self._mobitz(length)
        else:
            self._complete_block(3 * length)

    def _wenckebach(self, cycles: int) -> None:
        """Add cycles in which the PR interval grows, by less each time, until a P wave is not conducted."""
        rng, pr = self.rng, self.patient.sinus.pr
        p_waves, growth = int(rng.integers(3, 8)), rng.uniform(0.05, 0.2)
        delay = np.concatenate([[0], np.cumsum(growth / np.arange(1, p_waves - 1))])  # s, of conducted ones
        for _ in range(cycles):
            for before, after in pairwise(delay):
                self.beat(self.sinus_interval() + after - before)
                self.p_wave(self.time - pr - after)
            blocked, following = self.sinus_interval(), self.sinus_interval()
            self.p_wave(self.time - pr - delay[-1] + blocked)
            self.sinus_beat(blocked + following - delay[-1])
            if self.full:
                return

    def _mobitz(self, blocks: int) -> None:
        """Add blocks of one P wave or two without a change of the PR interval before, now and then or 2:1."""
        rng, pr = self.rng, self.patient.sinus.pr
        blocked = int(rng.choice([1, 1, 1, 2]))
        conducted = 1 if rng.random() < 0.5 else int(rng.integers(2, 6))
        for _ in range(blocks):
            for _ in range(conducted - 1):
                self.sinus_beat()
            interval = 0.0
            for _ in range(blocked):
                interval += self.sinus_interval()
                self.p_wave(self.time + interval - pr)
            self.sinus_beat(interval + self.sinus_interval())
            if self.full:
                return

    def _complete_block(self, beats: int) -> None:
        """Add escape beats of junction or ventricle, 28 to 50 a minute, and P waves at their own rate."""
        rng = self.rng
        cycle, symbol = 60 / rng.uniform(28, 50), "E" if rng.random() < 0.4 else "j"
        p = self.time - self.patient.sinus.pr
        for _ in range(beats):
            self.beat(cycle * (1 + 0.03 * rng.normal()), symbol)
            if self.full:
                break
        while (p := p + self.sinus_interval()) < self.time - 0.3:
            self.p_wave(p)
        self.sinus_beat(cycle)

    def sinus_pause(self) -> None:
        """Add a pause of the sinus node, ended by itself or by escape beats of junction or ventricle."""
        rng = self.rng
        cycle, escape = self.sinus_interval(), rng.uniform(1.0, 1.8)
        pause = cycle * rng.uniform(1.4, 4)
        if pause < 1.1 * escape or rng.random() < 0.4:
            self.sinus_beat(pause)
            return
        for _ in range(round(log_uniform(rng, 1, 8))):
            if rng.random() < 0.85:
                self.beat(escape * (1 + 0.04 * rng.normal()), "j")
            else:
                self.beat(escape * rng.uniform(1, 1.3), "E", 2)
        self.sinus_beat(cycle * rng.uniform(0.7, 1.5))

    def junctional_rhythm(self) -> None:
        """Add junctional rhythm: escape beats while the sinus node is slow, or premature beats."""
        rng = self.rng
        cycle = self.sinus_interval()
        if rng.random() < 0.35:
            symbol, interval, beats = "J", cycle * rng.uniform(0.6, 0.92), round(log_uniform(rng, 2, 60))
        else:
            symbol, interval, beats = "j", cycle * rng.uniform(0.95, 1.5), round(log_uniform(rng, 5, 300))
        to_atria = rng.uniform(-0.08, 0.12) if rng.random() < 0.5 else None  # s after the R peak
        for _ in range(beats):
            self.beat(interval * (1 + 0.02 * rng.normal()), symbol)
            if to_atria is not None:
                self.p_wave(self.time + to_atria, Origin.RETROGRADE)
            if self.full:
                return
        self.sinus_beat(cycle * rng.uniform(1, 1.5))
