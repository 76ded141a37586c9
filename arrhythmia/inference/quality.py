"""Whether a recording is fit to be classified: lost, flat or clipped parts, no ECG at all, a wrong unit."""

from dataclasses import dataclass

import numpy as np

from arrhythmia.ecg.detection import band_passed
from arrhythmia.errors import DataError
from arrhythmia.features.template import correlation
from arrhythmia.utils.chunks import in_blocks

HIDES_A_BEAT = 0.1
"""Length of lost signal that may hide a QRS complex, s."""

SHORTEST = 10.0
"""Least length of a recording, s."""

MOST_LOST = 0.5
"""Share of a recording that may be lost or flat."""

MOST_CLIPPED = 0.02
"""Share that may stand at the limits of the recorder; the most on DS1 is 0.001."""

LEAST_PEAKED = 6.0
"""Least ratio of the 98th percentile of the absolute signal in the band of the QRS complex to its median:
complexes are short and high. On DS1 it is 13 to 49, of noise 3.4, of a sine 1.4."""

HEIGHTS = (0.05, 20.0)
"""Usual height of a beat from lowest to highest point, mV, that can be true; on DS1 1.1 to 3.9."""

LEAST_ALIKE = 0.5
"""Least median correlation of the beats with their recording's usual one."""


@dataclass(frozen=True)
class Quality:
    """What was found in a recording, or in a piece of it.

    Attributes:
        samples: number of samples.
        missing: of them lost (NaN).
        flat: of them in seconds without any change.
        clipped: of the others equal to their neighbour and to the piece's highest or lowest value.
        peaked: see `LEAST_PEAKED`, of each piece.
    """

    samples: int = 0
    missing: int = 0
    flat: int = 0
    clipped: int = 0
    peaked: tuple[float, ...] = ()

    def __add__(self, other: "Quality") -> "Quality":
        """Return the findings of both pieces together."""
        return Quality(
            self.samples + other.samples,
            self.missing + other.missing,
            self.flat + other.flat,
            self.clipped + other.clipped,
            self.peaked + other.peaked,
        )

    def shares(self) -> dict[str, float]:
        """Return the shares of lost, flat and clipped samples, 0..1."""
        parts = {"missing": self.missing, "flat": self.flat, "clipped": self.clipped}
        return {name: round(count / max(self.samples, 1), 5) for name, count in parts.items()}


def quality_of(signal: np.ndarray, fs: float) -> Quality:
    """Look at a piece of a recording.

    Args:
        signal: `(n,)` mV, NaN where it is lost.
        fs: sampling rate, Hz.
    """
    lost = ~np.isfinite(signal)
    if lost.all():
        return Quality(len(signal), missing=len(signal))
    filled = without_gaps(signal)
    still = still_seconds(filled, round(fs)) & ~lost
    low, high = filled.min(), filled.max()
    stuck = (np.diff(filled, prepend=np.nan) == 0) & ((filled == low) | (filled == high))
    band = np.abs(band_passed(filled, fs)) if len(filled) > fs else np.zeros(1)
    usual = np.median(band)
    peaked = (float(np.quantile(band, 0.98) / usual),) if usual > 0 else ()
    clipped = int((stuck & ~still & ~lost).sum())
    return Quality(len(signal), int(lost.sum()), int(still.sum()), clipped, peaked)


def without_gaps(signal: np.ndarray) -> np.ndarray:
    """Return `signal` with lost samples on a straight line between those around; 0 where all are lost."""
    known = np.isfinite(signal)
    if known.all():
        return signal
    if not known.any():
        return np.zeros_like(signal)
    places = np.arange(len(signal))
    return np.interp(places, places[known], signal[known]).astype(signal.dtype)


def lost_spans(signal: np.ndarray, fs: float) -> np.ndarray:
    """Return where beats may be missing: NaN long enough to hide one, and flat seconds.

    Args:
        signal: `(n,)` mV, NaN where it is lost.
        fs: sampling rate, Hz.

    Returns:
        `(k, 2)` int64, in samples: the first of each stretch, and the one after its last.
    """
    lost = ~np.isfinite(signal)
    still = still_seconds(without_gaps(signal), round(fs)) & ~lost
    return np.concatenate([stretches(lost, HIDES_A_BEAT * fs), stretches(still, round(fs))])


def stretches(member: np.ndarray, least: float) -> np.ndarray:
    """Return start and stop of each run of True in `(n,)` of at least `least` samples, `(k, 2)` int64."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], member.astype(np.int8), [0]])))
    spans = edges.reshape(-1, 2)
    return spans[spans[:, 1] - spans[:, 0] >= least]


def still_seconds(signal: np.ndarray, width: int) -> np.ndarray:
    """Return which samples are in a block of `width` samples without change, `(n,)` bool."""
    starts = np.arange(0, len(signal), width)
    change = np.maximum.reduceat(signal, starts) - np.minimum.reduceat(signal, starts)
    return np.repeat(change == 0, width)[: len(signal)]


def check_length(where: str, samples: int, fs: float) -> None:
    """Refuse an empty or very short recording.

    Raises:
        DataError: it is shorter than `SHORTEST`.
    """
    if samples == 0:
        raise DataError(f"{where}: empty recording")
    if samples < SHORTEST * fs:
        raise DataError(f"{where}: {samples / fs:.1f} s long; the least is {SHORTEST:g} s")


def check_quality(where: str, quality: Quality) -> None:
    """Refuse a recording that holds too little ECG.

    Raises:
        DataError: with what is wrong with it.
    """
    share = quality.shares()
    if share["missing"] > MOST_LOST:
        raise DataError(f"{where}: {share['missing']:.0%} of the samples are missing (NaN)")
    if share["missing"] + share["flat"] > MOST_LOST:
        raise DataError(f"{where}: {share['flat']:.0%} of the signal is flat; is the lead connected?")
    if share["clipped"] > MOST_CLIPPED:
        raise DataError(f"{where}: {share['clipped']:.1%} of the signal is clipped at the recorder's limits")
    if not quality.peaked or np.median(quality.peaked) < LEAST_PEAKED:
        raise DataError(f"{where}: no ECG in this signal, there are no QRS complexes; try another --lead")


def check_beats(where: str, waveform: np.ndarray) -> None:
    """Refuse what was cut out if it cannot be beats of an ECG in mV.

    Args:
        where: the recording.
        waveform: `(n, length)` mV, one row a beat.

    Raises:
        DataError: too few beats, or an impossible height.
    """
    if len(waveform) < 5:
        raise DataError(f"{where}: {len(waveform)} beats found, too few; is it an ECG? Try another --lead")
    height = float(np.median(np.ptp(waveform, axis=1)))
    if not HEIGHTS[0] <= height <= HEIGHTS[1]:
        guess = "uV, or a number of units per mV" if height > HEIGHTS[1] else "V"
        raise DataError(f"{where}: beats are {height:.3g} mV high, so the unit is wrong; try --unit {guess}")


def check_alike(where: str, waveform: np.ndarray, reference: np.ndarray) -> None:
    """Refuse beats that were found by detection and are not alike: mostly they are none.

    Args:
        where: the recording.
        waveform: `(n, length)` mV, one row a beat.
        reference: `(n, length)` mV, the recording's template beat.

    Raises:
        DataError: their median correlation is below `LEAST_ALIKE`.
    """
    alike = np.median(in_blocks(correlation, waveform, reference))
    if not alike >= LEAST_ALIKE:
        raise DataError(
            f"{where}: the beats found are not alike (correlation {alike:.2f}); no ECG, or complexes "
            "that are hard to find: try another --lead, or name known beats with --beats"
        )
