"""The ECG of a simulated rhythm: P waves, QRS complexes and T waves, each a sum of Gaussians.

As in McSharry et al. 2003 and Clifford et al. 2010 (cited in `datasets.synthetic.waveforms`), but with shapes
drawn anew for each patient, so that a network learns what holds for all of them. The numbers are ours, set so
that the features of simulated beats are spread by class as those of DS1 are (docs/simulation.md).
"""

import numpy as np
from scipy.signal import lfilter

from arrhythmia.simulation.patients import FOCI, Patient, log_uniform
from arrhythmia.simulation.rhythm import Origin, Rhythm

FS = 250
"""Sampling rate of simulated recordings, Hz."""

ENDS = 1.0
"""Time of the ECG after the last beat, s."""

REACH = 4
"""How far a Gaussian reaches, in standard deviations."""

Shape = np.ndarray
"""`(waves, 3)`: time after the R peak, s, standard deviation, s, and amplitude, mV."""


def simulate_ecg(rhythm: Rhythm, patient: Patient, rng: np.random.Generator) -> np.ndarray:
    """Draw the patient's shapes and return the ECG of the rhythm, `(n,)` float32, mV, at `FS`."""
    n = int((rhythm.time[-1] + ENDS) * FS)
    signal = np.zeros(n)
    polarity = 1 if rng.random() < 0.8 else -1
    add_qrs_and_t(signal, rhythm, polarity, rng)
    add_p_waves(signal, rhythm, polarity, rng)
    add_fibrillation(signal, rhythm, rng)
    return (signal + noise(n, patient, rng)).astype(np.float32)


def add_waves(signal: np.ndarray, time: np.ndarray, width: np.ndarray, amplitude: np.ndarray) -> None:
    """Add Gaussian waves to a signal at `FS`, with `(n,)` times and widths (s) and amplitudes (mV)."""
    if len(time) == 0:
        return
    reach = int(np.ceil(REACH * width.max() * FS))
    column = np.round(time * FS).astype(int)[:, None] + np.arange(-reach, reach + 1)
    value = amplitude[:, None] * np.exp(-0.5 * ((column / FS - time[:, None]) / width[:, None]) ** 2)
    inside = (column >= 0) & (column < len(signal))
    signal += np.bincount(column[inside], value[inside], minlength=len(signal))


def add_shape(signal: np.ndarray, time: np.ndarray, shape: Shape, amplitude: np.ndarray) -> None:
    """Add a shape at each of `(n,)` times (s), times `(n,)` amplitudes."""
    for centre, width, height in shape:
        add_waves(signal, time + centre, np.full(len(time), width), height * amplitude)


def add_qrs_and_t(signal: np.ndarray, rhythm: Rhythm, polarity: int, rng: np.random.Generator) -> None:
    """Draw the QRS complexes and T waves of a patient's normal and ectopic beats, and add them."""
    n, symbol = len(rhythm.time), rhythm.symbol
    ventricular, fusion = np.isin(symbol, ["V", "E"]), symbol == "F"
    conducted = ~ventricular & ~fusion
    wide = rng.random() < 0.2
    normal = conducted_shape(rng, wide=wide) * (1, 1, polarity)
    breath = np.sin(2 * np.pi * rhythm.time / rng.uniform(2.5, 6))
    amplitude = 1 + log_uniform(rng, 0.01, 0.12) * breath + log_uniform(rng, 0.005, 0.06) * rng.normal(size=n)
    amplitude *= np.exp(log_uniform(rng, 0.01, 0.25) * random_walk(n, log_uniform(rng, 10, 300), rng))
    t_height = np.full(n, rng.uniform(-0.15, 0.5) * polarity)
    share = np.where(conducted, 1.0, 0.0)  # of the normal complex in the beat
    share[fusion] = np.clip(rng.uniform(0.3, 0.8) + 0.15 * rng.normal(size=fusion.sum()), 0.05, 0.95)
    for focus in range(FOCI):
        shape = ventricular_shape(rng, polarity)
        variation = log_uniform(rng, 0.02, 0.2)
        rows = (ventricular | fusion) & (rhythm.focus == focus)
        height = (1 - share[rows]) * (1 + variation * rng.normal(size=rows.sum()))
        add_shape(signal, rhythm.time[rows], shape, height)
        discordant = -np.sign(shape[0, 2]) * rng.uniform(0.1, 0.6) * abs(shape[0, 2])
        t_height[rows] = share[rows] * t_height[rows] + (1 - share[rows]) * discordant
    add_shape(signal, rhythm.time, normal, share * amplitude)
    add_variation(signal, rhythm, conducted, rng)
    widths = np.full(n, rng.uniform(0.03, 0.06))
    interval = np.diff(rhythm.time, prepend=rhythm.time[0] - np.median(np.diff(rhythm.time)))
    delay = rng.uniform(0.24, 0.36) * np.clip(interval / 0.8, 0.3, 2) ** rng.uniform(0.1, 0.4)
    delay[ventricular] *= 1.12
    add_waves(signal, rhythm.time + delay, widths, t_height * (1 + 0.15 * rng.normal(size=n)))


def conducted_shape(rng: np.random.Generator, *, wide: bool) -> Shape:
    """Draw a QRS complex of normal width, or one with a bundle branch block; the R wave first."""
    width = log_uniform(rng, 0.008, 0.022) * (rng.uniform(1.2, 2) if wide else 1)
    waves = [(0.0, width, log_uniform(rng, 0.5, 2.0))]
    height = waves[0][2]
    if rng.random() < 0.7:  # Q
        waves.append((-rng.uniform(0.02, 0.04), rng.uniform(0.006, 0.014), -rng.uniform(0.02, 0.3) * height))
    if rng.random() < 0.8:  # S
        s_width = rng.uniform(0.008, 0.02) * (1.8 if wide else 1)
        waves.append((rng.uniform(0.02, 0.05), s_width, -rng.uniform(0.03, 0.7) * height))
    if wide:  # R'
        waves.append((rng.uniform(0.04, 0.08), rng.uniform(0.012, 0.03), rng.uniform(-0.5, 0.7) * height))
    return np.array(waves)


def ventricular_shape(rng: np.random.Generator, polarity: int) -> Shape:
    """Draw the wide QRS complex of a focus in a ventricle; the main wave first."""
    height = rng.uniform(0.3, 1.8) * (1 if rng.random() < 0.75 else -1)
    second = rng.uniform(-0.8, 0.5) * height
    return np.array(
        [
            (0.0, rng.uniform(0.026, 0.05), polarity * height),
            (rng.uniform(0.02, 0.09), rng.uniform(0.026, 0.05), polarity * second),
        ]
    )


def add_variation(
    signal: np.ndarray, rhythm: Rhythm, conducted: np.ndarray, rng: np.random.Generator
) -> None:
    """Add what makes conducted complexes differ from one another.

    The shape wanders with breathing and posture; an atrial beat is conducted a little otherwise, or with a
    bundle branch block; some patients have a block or a pre-excitation that comes and goes by spells or with
    the rate, of beats that are normal all the same.
    """
    n = len(rhythm.time)
    wandering = random_walk(n, log_uniform(rng, 3, 300), rng) * log_uniform(rng, 0.003, 0.06)
    wandering += log_uniform(rng, 0.003, 0.05) * rng.normal(size=n)
    premature = np.isin(rhythm.symbol, ["A", "J"])
    for focus in range(FOCI):
        if rng.random() < 0.6:
            wandering[premature & (rhythm.focus == focus)] += rng.uniform(-0.12, 0.12)
    second = np.array([(rng.uniform(-0.03, 0.06), rng.uniform(0.012, 0.03), 1.0)])
    add_shape(signal, rhythm.time[conducted], second, wandering[conducted])
    aberrant = rhythm.symbol == "a"
    block = np.array([(rng.uniform(0.03, 0.08), rng.uniform(0.015, 0.03), rng.choice([-1.0, 1.0]))])
    height = rng.uniform(0.15, 0.9) * (1 + 0.25 * rng.normal(size=aberrant.sum()))
    add_shape(signal, rhythm.time[aberrant], block, height)
    if rng.random() < 0.12:
        rows = np.flatnonzero(spells(rhythm, rng) & np.isin(rhythm.symbol, ["N", "j"]))
        shape = np.array([(rng.uniform(-0.04, 0.08), rng.uniform(0.015, 0.035), rng.uniform(-0.9, 0.9))])
        add_shape(signal, rhythm.time[rows], shape, 1 + 0.2 * rng.normal(size=len(rows)))


def spells(rhythm: Rhythm, rng: np.random.Generator) -> np.ndarray:
    """Return which beats, `(n,)` bool, are in spells drawn at random, or after short intervals."""
    n = len(rhythm.time)
    if rng.random() < 0.4:
        interval = np.diff(rhythm.time, prepend=-1.0)
        return interval < np.quantile(interval, rng.uniform(0.02, 0.6))
    inside = np.zeros(n, dtype=bool)
    for _ in range(round(log_uniform(rng, 1, 30))):
        first = int(rng.integers(n))
        inside[first : first + round(log_uniform(rng, 1, 400))] = True
    return inside


def add_p_waves(signal: np.ndarray, rhythm: Rhythm, polarity: int, rng: np.random.Generator) -> None:
    """Draw the P waves of sinus node, foci and junction, and add them."""
    visible = rng.random() < 0.92
    height = polarity * (log_uniform(rng, 0.03, 0.25) if visible else log_uniform(rng, 0.003, 0.02))
    width, variation = rng.uniform(0.014, 0.028), log_uniform(rng, 0.03, 0.3)
    terminal = rng.uniform(-0.7, 0.2) if rng.random() < 0.3 else 0.0  # the left atrium's half
    sinus = np.array([(0.0, width, height), (1.6 * width, width, terminal * height)])
    n = len(rhythm.p_time)
    amplitude = 1 + variation * rng.normal(size=n)
    if rng.random() < 0.2:  # a wandering pacemaker: its P waves change, and are sinus beats all the same
        amplitude += rng.uniform(0.1, 0.7) * random_walk(n, log_uniform(rng, 5, 200), rng)
    time = rhythm.p_time + log_uniform(rng, 0.001, 0.012) * rng.normal(size=n)
    rows = rhythm.p_origin == Origin.SINUS
    add_shape(signal, time[rows], sinus, amplitude[rows])
    for focus in range(FOCI):
        rows = (rhythm.p_origin == Origin.ECTOPIC) & (rhythm.p_focus == focus)
        near_sinus = rng.random() < 0.2
        factor = rng.uniform(0.8, 1.2) if near_sinus else rng.uniform(-1.4, 1.4)
        later = rng.uniform(-0.02, 0.02) if near_sinus else rng.uniform(-0.06, 0.08)  # than sinus P waves, s
        own = np.array([(0.0, rng.uniform(0.012, 0.03), height)])
        shape = (sinus if near_sinus else own) * (1, 1, factor)
        add_shape(signal, time[rows] + later, shape, amplitude[rows])
    rows = rhythm.p_origin == Origin.RETROGRADE
    retrograde = np.array([(0.0, rng.uniform(0.012, 0.025), -rng.uniform(0.3, 1.2) * height)])
    add_shape(signal, time[rows], retrograde, amplitude[rows])


def add_fibrillation(signal: np.ndarray, rhythm: Rhythm, rng: np.random.Generator) -> None:
    """Add f waves, whose frequency and height wander, and flutter waves, which are steady."""
    height = log_uniform(rng, 0.008, 0.1)
    for start, end in rhythm.fibrillation:
        first, last = round(start * FS), round(end * FS)
        sway = second_by_second(last - first, rng)
        wave = atrial_waves(rng.uniform(5, 9) * (1 + 0.08 * sway))
        signal[first:last] += height * (1 + 0.4 * sway[::-1]) * wave
    for start, end, frequency in rhythm.flutter:
        first, last = round(start * FS), round(end * FS)
        signal[first:last] += height * atrial_waves(
            frequency * (1 + 0.005 * second_by_second(last - first, rng))
        )


def atrial_waves(frequency: np.ndarray) -> np.ndarray:
    """Return the saw teeth of atria that beat at `(n,)` frequencies, Hz, from one sample to the next."""
    phase = 2 * np.pi * np.cumsum(frequency) / FS
    return np.sin(phase) + 0.4 * np.sin(2 * phase + 1)


def second_by_second(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a normal number for each second, interpolated to `n` samples."""
    points = max(2, n // FS)
    return np.interp(np.linspace(0, points - 1, n), np.arange(points), rng.normal(size=points))


def noise(n: int, patient: Patient, rng: np.random.Generator) -> np.ndarray:
    """Draw `n` samples of muscle noise with bursts, and of baseline wander, mV."""
    level = log_uniform(rng, 0.02, 0.12) if patient.noisy else log_uniform(rng, 0.002, 0.03)
    levels = np.full(n // FS + 2, level)  # one a second
    if patient.noisy or rng.random() < 0.3:
        for _ in range(round(log_uniform(rng, 1, 40))):
            first = int(rng.integers(len(levels)))
            levels[first : first + round(log_uniform(rng, 1, 120))] = log_uniform(rng, 0.04, 0.35)
    second = np.arange(n) / FS
    muscle = rng.normal(size=n + 1)
    muscle = 0.6 * muscle[1:] + 0.4 * muscle[:-1]
    wander = log_uniform(rng, 0.05, 0.6) if patient.noisy else log_uniform(rng, 0.01, 0.15)
    points = 2 * len(levels)  # two a second
    baseline = np.interp(second, np.arange(points) / 2, 0.5 * rng.normal(size=points))
    baseline += np.sin(2 * np.pi * second / rng.uniform(2.5, 6))
    return np.interp(second, np.arange(len(levels)), levels) * muscle + wander * baseline


def random_walk(n: int, memory: float, rng: np.random.Generator) -> np.ndarray:
    """Draw `(n,)` values that wander around 0 with variance 1 and forget in `memory` steps."""
    kept = np.exp(-1 / memory)
    kicks = np.sqrt(1 - kept**2) * rng.normal(size=n)
    values, _ = lfilter([1.0], [1.0, -kept], kicks, zi=[kept * rng.normal()])
    return values
