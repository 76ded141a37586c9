"""Which parts of a recording can be judged, and whether it is fit to be classified at all."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from scipy.ndimage import maximum_filter1d

from arrhythmia.ecg.conditioning import Conditioned
from arrhythmia.ecg.detection import AROUND, BLOCK, LOWEST, block_peaks, median_around, t_waves
from arrhythmia.ecg.filtering import FS, MAINS
from arrhythmia.ecg.gaps import stretches
from arrhythmia.errors import DataError
from arrhythmia.features.template import correlation

SHORTEST = 10.0
"""Least length of a recording, s."""

MOST_SAMPLES = 2**31 - 1
"""Greatest number of samples: annotation files hold positions in 32 bits."""

FEWEST = 5
"""Least number of beats: a template beat is a median."""

SILENT = 0.15
"""Share of the recording's usual slope below which six seconds hold noise and no beat; on DS1 at least 0.3,
and noise of 0.05 mV has 0.03 to 0.08."""

USUAL = 0.8
"""Quantile of the slope of all blocks with distinct complexes that is the recording's usual one."""

HIGH = 0.5
"""Share of the usual slope from which a lone complex between pauses is a beat: an escape beat."""

DISTINCT = 2.5
"""Least ratio of the highest to the median slope over ten seconds: complexes are short and steep. On DS1 it
is above 3 but for record 108 in noise (2.2) and ventricular flutter (1.5); that of noise is below 2.4."""

SAME = 0.66
"""Least median correlation of the detections of ten seconds with their median at which they are complexes,
though not distinct: in a tachycardia slopes follow on one another. It is the least mean correlation of
Orphanidou et al. 2015 (IEEE J Biomed Health Inform 19:832-838); noise added to DS1 has at most 0.65."""

STEEP = 8.0
"""Least ratio of the 98th percentile to the median of their steps between samples: complexes stand on a line.
In records played at 170 to 250 beats a minute it is at least 10; waves without a line have one shape too, but
tremor added to DS1 has at most 6, the ventricular flutter of record 207 at most 5."""

LONGEST_PAUSE = 6.0
"""Time without a beat from which on a part counts as one without beats, not as an interval, s."""

STATES = ("ok", "lost", "noise", "no beats")
"""What a part of a recording can be: lost (missing, or a line that stands still), without distinct QRS
complexes (noise, or ventricular flutter), or a signal in which no beat comes for a long time."""

OK, LOST, NOISE, NO_BEATS = range(len(STATES))

TENTH = FS // 10
"""Samples of the grid on which parts are told apart."""

MOST_SCATTERED = 0.001
"""Share of samples missing in short pieces from which on it is said."""

MOST_CLIPPED = 0.02
"""Share of samples at the recorder's limits from which on it is said; the most on DS1 is 0.001."""

HEIGHTS = (0.05, 20.0)
"""Usual height of a beat from lowest to highest point, mV, that can be true; on DS1 1.1 to 3.9."""

FAINT = 0.35
"""Share of the usual slope below which a complex is faint."""

MOST_FAINT = 0.03
"""Share of faint complexes from which on other waves may be among them. Of the leads MLII of DS1 none has
more than 0.024; leads V1 in which P or T waves are found have 0.044 to 0.27."""

LEAST_ALIKE = 0.5
"""Least median correlation of the beats with their recording's usual one."""


@dataclass(frozen=True)
class Measures:
    """What was measured in a recording, or in a piece of it that begins and ends with a block.

    Attributes:
        peak: `(b,)` highest slope of each block of `detection.BLOCK` samples, mV/s; NaN where half is lost.
        median: `(b,)` median slope of each block, mV/s.
        hum: `(b, 2)` amplitude of the hum taken out at each of `filtering.MAINS`, mV.
        wander: `(b,)` root mean square of the wander taken out, about the mean of its piece, mV.
        lost: `(t,)` bool, of each tenth of a second, whether some of it is lost.
        clipped: share of samples, but for lost ones, at the recorder's limits, 0..1.
        scattered: share of samples that are missing in pieces too short to hide a beat, 0..1.
        spikes: number of pacing pulses and the like that were taken out; they are no such pieces.
    """

    peak: np.ndarray
    median: np.ndarray
    hum: np.ndarray
    wander: np.ndarray
    lost: np.ndarray
    clipped: float
    scattered: float = 0.0
    spikes: int = 0

    @classmethod
    def joined(cls, pieces: list[Self]) -> Self:
        """Return the measures of all pieces as one."""
        arrays = {
            name: np.concatenate([getattr(piece, name) for piece in pieces])
            for name in ("peak", "median", "hum", "wander", "lost")
        }
        known = [(~x.lost).sum() + 1e-9 for x in pieces]
        clipped, scattered = np.average([(x.clipped, x.scattered) for x in pieces], axis=0, weights=known)
        spikes = sum(x.spikes for x in pieces)
        return cls(**arrays, clipped=float(clipped), scattered=float(scattered), spikes=spikes)


def measure(piece: Conditioned, inside: slice, *, clipped: float, scattered: float, spikes: int) -> Measures:
    """Measure a piece of a recording.

    Args:
        piece: with its margins.
        inside: the piece without them, in samples at `FS`.
        clipped: share of its samples, but for lost ones, that stand at the recorder's limits, 0..1.
        scattered: share of its samples, but for lost ones, that are missing in short pieces, 0..1.
        spikes: number of those in it.
    """
    known, slope = piece.known[inside], piece.slope[inside]
    wander = piece.wander[inside] - (piece.wander[inside][known].mean() if known.any() else 0)
    return Measures(
        block_peaks(slope, known),
        np.median(_blocks(slope), axis=1),
        np.sqrt(2 * np.mean(_blocks(piece.hum[:, inside]) ** 2, axis=2)).T,
        np.sqrt(np.mean(_blocks(np.where(known, wander, 0)) ** 2, axis=1)),
        np.logical_or.reduceat(~known, np.arange(0, len(known), TENTH)) if len(known) else ~known,
        clipped,
        scattered,
        spikes,
    )


def without_beats(
    measures: Measures, waveform: np.ndarray, peak: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return which blocks hold silence and which noise, two `(b,)` bool; see `SILENT` and `DISTINCT`.

    Args:
        measures: of the recording.
        waveform: `(n, length)` of all detections, mV.
        peak: `(n,)` their R peaks, in samples at `FS`, ascending.
    """
    near, wide = median_around(measures.peak, 1), median_around(measures.peak, 2)
    known = np.isfinite(near)
    if not known.any():
        return np.zeros((2, len(near)), dtype=bool)
    median = median_around(np.where(np.isfinite(measures.peak), measures.median, np.nan), 2)
    noise = wide < DISTINCT * median
    noise &= ~same_shape(waveform, peak, noise)
    # noise may be steeper than complexes: it is no measure for them
    usual = np.quantile(near[known & ~noise if (known & ~noise).any() else known], USUAL)
    low, high = near < SILENT * usual, measures.peak >= HIGH * usual
    return low & ~high, noise & ~low


def same_shape(waveform: np.ndarray, peak: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return around which blocks the detections are complexes of one shape, `(b,)` bool; see `SAME`, `STEEP`.

    Args:
        waveform: as for `without_beats`.
        peak: as for `without_beats`.
        asked: `(b,)` bool, of which blocks it is asked; no other has it.
    """
    same = np.zeros(len(asked), dtype=bool)
    places = np.flatnonzero(asked)
    around = np.searchsorted(peak // BLOCK, np.stack([places - 2, places + 3], axis=1))
    for place, (first, last) in zip(places, around, strict=True):
        if last - first >= FEWEST:
            near = waveform[first:last]
            step = np.abs(np.diff(near))
            steep = np.quantile(step, 0.98) >= STEEP * np.median(step)
            alike = correlation(near, np.median(near, axis=0, keepdims=True))
            same[place] = steep and np.nanmedian(alike) >= SAME
    return same


def steepness(measures: Measures, empty: np.ndarray, peak: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Return the slope of complexes as a share of the usual one of the half minute around, `(n,)`.

    Args:
        measures: of the recording.
        empty: `(b,)` bool, which blocks are without beats; they tell nothing of what is usual.
        peak: `(n,)` R peaks, in samples at `FS`.
        slope: `(n,)` slope of their complexes, mV/s.
    """
    usual = median_around(np.where(empty, np.nan, measures.peak), AROUND)
    return slope / usual[np.minimum(peak // BLOCK, len(usual) - 1)]


def not_among_beats(measures: Measures, empty: np.ndarray, peak: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Return which detections lie in blocks without beats, or would not be found but for these, `(n,)` bool.

    In the half minute around noise and silence the detector has taken them for complexes, and by their slope
    P and T waves pass. So its own rules are asked again with the slope that is usual where beats are.

    Args:
        measures: of the recording.
        empty: `(b,)` bool, which blocks are without beats.
        peak: `(n,)` R peaks of the detections, in samples at `FS`, ascending.
        slope: `(n,)` slope of their complexes, mV/s.
    """
    block = np.minimum(peak // BLOCK, len(empty) - 1)
    false = empty[block]
    rest = np.flatnonzero(~false)
    height = steepness(measures, empty, peak[rest], slope[rest])
    low = (height < LOWEST) | t_waves(peak[rest] / FS, np.minimum(height, 1))
    near_empty = maximum_filter1d(empty, 2 * AROUND + 1)
    false[rest] = near_empty[block[rest]] & low
    return false


def states_of(measures: Measures, peak: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Return the state of each tenth of a second, an index into `STATES`.

    Args:
        measures: of the recording.
        peak: `(n,)` R peaks, in samples at `FS`, ascending.
        noise: `(b,)` bool, which blocks hold noise.
    """
    state = np.where(measures.lost, LOST, OK)
    noisy = np.repeat(noise, BLOCK // TENTH)[: len(state)]
    state[: len(noisy)][noisy & (state[: len(noisy)] == OK)] = NOISE
    edges = np.concatenate([[0], peak // TENTH, [len(state)]])
    long = np.flatnonzero(np.diff(edges) * TENTH > LONGEST_PAUSE * FS)
    empty = np.zeros(len(state), dtype=bool)
    for start, stop in zip(edges[long], edges[long + 1], strict=True):
        empty[start + 1 : stop] = True
    for start, stop in stretches(empty & (state == OK), LONGEST_PAUSE * FS / TENTH / 2):
        state[start:stop] = NO_BEATS
    return state


@dataclass(frozen=True)
class Part:
    """A part of a recording: times in s, and one of `STATES`."""

    start_s: float
    stop_s: float
    state: str


def parts_of(state: np.ndarray) -> list[Part]:
    """Return the parts that are not in order, ascending, from the state of each tenth of a second."""
    edges = np.flatnonzero(np.diff(state, prepend=-1, append=-1))
    return [
        Part(float(start * TENTH / FS), float(stop * TENTH / FS), STATES[state[start]])
        for start, stop in pairwise(edges)
        if state[start] != OK
    ]


def shares_of(state: np.ndarray) -> dict[str, float]:
    """Return the share of each state but the first, 0..1."""
    return {name: round(float((state == k).mean()), 4) for k, name in enumerate(STATES) if k != OK}


def removed(measures: Measures) -> dict[str, float]:
    """Return what was taken out: amplitude of the hum at each frequency of mains, RMS of the wander, mV.

    They are those of the median block: steps of an electrode, and hum in less than half of the time, are not
    in them.
    """
    known = np.isfinite(measures.peak)
    hum = np.median(measures.hum[known], axis=0) if known.any() else np.zeros(len(MAINS))
    wander = float(np.median(measures.wander[known])) if known.any() else 0.0
    amplitudes = {
        f"hum_{frequency}_hz_mv": round(float(x), 3) for frequency, x in zip(MAINS, hum, strict=True)
    }
    return amplitudes | {"wander_mv": round(wander, 3)}


def signal_notes(measures: Measures, faint: float) -> list[str]:
    """Return what a person should know of the signal, a line each."""
    notes = []
    if measures.clipped > MOST_CLIPPED:
        notes.append(f"{measures.clipped:.1%} of the signal is clipped at the recorder's limits")
    if measures.scattered > MOST_SCATTERED:
        notes.append(
            f"{measures.scattered:.1%} of the samples are missing in pieces too short to hide a beat"
        )
    if measures.spikes:
        notes.append(f"{measures.spikes} spikes of at most 4 ms, as of a pacemaker, are taken out")
    if faint > MOST_FAINT:
        notes.append(f"{faint:.1%} of the complexes are faint: other waves may be among them")
    return notes


def check_length(where: str, samples: int, fs: float) -> None:
    """Refuse an empty, a very short or an endless recording.

    Raises:
        DataError: it is shorter than `SHORTEST`, or has more than `MOST_SAMPLES`.
    """
    if samples == 0:
        raise DataError(f"{where}: empty recording")
    if samples < SHORTEST * fs:
        raise DataError(f"{where}: {samples / fs:.1f} s long; the least is {SHORTEST:g} s")
    if samples > MOST_SAMPLES:
        raise DataError(f"{where}: {samples} samples, lost ones included; the most is {MOST_SAMPLES}: cut it")


def check_beats(where: str, waveform: np.ndarray, state: np.ndarray, *, known: bool = False) -> None:
    """Refuse what was cut out if it cannot be beats of an ECG in mV.

    Args:
        where: the recording.
        waveform: `(n, length)` mV, one row a beat.
        state: of each tenth of a second.
        known: whether the beats were named, not detected.

    Raises:
        DataError: too few beats, or an impossible height.
    """
    if known and len(waveform) < FEWEST:
        raise DataError(
            f"{where}: {len(waveform)} of the beats that --beats names lie in signal, too few; name another "
            "annotation file, or let them be detected"
        )
    if len(waveform) < FEWEST:
        shares = ", ".join(f"{share:.0%} {name}" for name, share in shares_of(state).items() if share)
        raise DataError(
            f"{where}: {len(waveform)} beats found, too few ({shares or 'it is all signal'}); is the lead "
            "connected, is it an ECG? Try another --lead, or --column of a table"
        )
    height = float(np.median(np.ptp(waveform, axis=1)))
    if not HEIGHTS[0] <= height <= HEIGHTS[1]:
        guess = "uV, or a number of units per mV" if height > HEIGHTS[1] else "V"
        raise DataError(f"{where}: beats are {height:.3g} mV high, so the unit is wrong; try --unit {guess}")


def check_alike(where: str, alike: float, faint: float) -> None:
    """Refuse beats that were found by detection if many are faint and most are unlike their template beat.

    Then P or T waves were taken for complexes. In bigeminy too half of the beats are unlike, but not faint.

    Args:
        where: the recording.
        alike: median correlation of the detections with the recording's template beat.
        faint: share of the detections whose complexes are faint (`FAINT`), 0..1.

    Raises:
        DataError: they are less alike than `LEAST_ALIKE`.
    """
    if faint > MOST_FAINT and not alike >= LEAST_ALIKE:
        raise DataError(
            f"{where}: the beats found are not alike (correlation {alike:.2f}) and {faint:.0%} are faint; no "
            "ECG, or complexes that are hard to find: try another --lead, or --column of a table, or name "
            "known beats with --beats"
        )


def _blocks(values: np.ndarray) -> np.ndarray:
    """Return `(…, n)` as whole blocks, `(…, b, BLOCK)`."""
    n = values.shape[-1] - values.shape[-1] % BLOCK
    return values[..., :n].reshape(*values.shape[:-1], -1, BLOCK)
