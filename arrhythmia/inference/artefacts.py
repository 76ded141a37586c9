"""Samples of a recorder or a pacemaker that are no ECG, to be taken as missing before anything is filtered.

A filter would smear them over the beats around. The recordings that the networks were trained on have none.
"""

import numpy as np

from arrhythmia.ecg.detection import AROUND, median_around
from arrhythmia.ecg.gaps import STILL, stretches, without_gaps

SPIKE = 0.004
"""The longest spike, s: a pulse of a pacemaker lasts 0.5 to 2 ms, a QRS complex 60 and more."""

SLOWEST = 200
"""Sampling rate, Hz, below which a spike cannot be told from a sharp R wave."""

LEAST_HEIGHT = 1.0
"""What rises less above the samples before and after it is none, mV; in the MIT-BIH Arrhythmia Database
nothing rises more within `SPIKE`."""

APART = 0.1
MOST_TOGETHER = 3
"""More than so many spikes within `APART` s on either side, s, are none: hum and muscle noise are, and three
are those of an atrium and both ventricles."""

LONGEST_PULSE = 0.015
"""Two phases of a pulse, or its tail, that rise apart are one spike, of this length at most, s."""

LEAST_MOVING = 0.1
"""Share of samples that must differ from both neighbours, 0..1, to tell by them how high complexes are."""

BLOCK = 2.0
"""The height of the complexes is taken in blocks of this length, s, as the detector does at its rate; their
usual height is the median of as many blocks around."""

FLAT_LINE = 0.25
"""Length of signal without any change, s, that is no ECG where other neighbours mostly differ: a calibration
pulse, or samples that were lost on their way and filled."""

MOST_FLAT_LINES = 0.15
"""Share of a signal that those without a jump may be, 0..1: where there are more, as in a drawn ECG without
noise, the line between the beats stands still."""

JUMP = 0.3
"""Share of the height of the complexes by which no ECG moves from one sample to the next both into a
flat line and out of it."""


def without_artefacts(signal: np.ndarray, fs: float) -> tuple[np.ndarray, np.ndarray]:
    """Return a signal with NaN for spikes, flat lines and blocks far off, and which samples were spikes.

    Args:
        signal: `(n,)` mV, NaN where it is missing.
        fs: sampling rate, Hz.

    Returns:
        `(n,)` float, and `(n,)` bool.
    """
    spike = spikes(signal, fs)
    missing = spike | flat_lines(signal, fs) | far_blocks(signal)
    return (np.where(missing, np.nan, signal) if missing.any() else signal), spike


def spikes(signal: np.ndarray, fs: float) -> np.ndarray:
    """Return which samples stand out by more than complexes do, and for no longer than `SPIKE`, `(n,)` bool.

    The height of the complexes is the range of all but the highest and the lowest hundredth of the samples,
    which leaves out a spike a beat.
    """
    none = np.zeros(len(signal), dtype=bool)
    reach, block = max(1, int(np.ceil(SPIKE * fs - 0.01))), round(BLOCK * fs)
    if fs < SLOWEST or len(signal) < block:
        return none
    known = without_gaps(signal)
    padded = np.pad(known, reach, mode="reflect")
    before, after = padded[: -2 * reach], padded[2 * reach :]
    rise = np.maximum(known - np.maximum(before, after), np.minimum(before, after) - known)
    if not rise.max() > LEAST_HEIGHT:
        return none
    blocks = known[: len(known) - len(known) % block].reshape(-1, block)
    low, high = np.percentile(blocks, (1, 99), axis=1)
    usual = median_around(high - low, AROUND)
    place = np.minimum(np.arange(len(known)) // block, len(usual) - 1)
    return _alone(rise > np.maximum(usual[place], LEAST_HEIGHT), fs)


def _alone(spike: np.ndarray, fs: float) -> np.ndarray:
    """Return `(n,)` bool without what is no spike, because it lasts too long or has too many around it."""
    start, stop = stretches(spike, 1).T
    apart = np.append(True, start[1:] - stop[:-1] > SPIKE * fs)[: len(start)]
    pulse = np.cumsum(apart) - 1  # that each run of samples belongs to
    first, last = start[apart], stop[np.append(apart[1:], True)[: len(start)]]
    near = [np.searchsorted(first, first + x * APART * fs) for x in (-1, 1)]
    wrong = (near[1] - near[0] > MOST_TOGETHER) | (last - first > LONGEST_PULSE * fs)
    for begin, end in zip(start[wrong[pulse]], stop[wrong[pulse]], strict=True):
        spike[begin:end] = False
    return spike


def far_blocks(signal: np.ndarray) -> np.ndarray:
    """Return which samples belong to a block of equal ones that is further off than complexes are high, and
    to and from which the signal jumps by more than that: codes for lost samples, a recorder at its limit for
    an instant.

    Complexes are as high as the range of all samples that differ from both neighbours, but for the highest
    and the lowest hundredth; where there are few such samples, as in a signal whose samples are held, no
    block is looked for.

    Args:
        signal: `(n,)` mV, NaN where it is missing.

    Returns:
        `(n,)` bool.
    """
    still = np.append(np.diff(signal) == 0, False)[: len(signal)]
    start, stop = stretches(still, 1).T
    block = np.zeros(len(signal), dtype=bool)
    known = np.isfinite(signal)
    moving = ~(still | np.append(False, still[:-1])[: len(signal)]) & known
    if not len(start) or moving.sum() < LEAST_MOVING * known.sum():
        return block
    low, high = np.percentile(signal[moving], (1, 99))
    level, padded = signal[start], np.pad(signal, 1, constant_values=np.nan)
    jumps = np.abs(np.stack([padded[start], padded[stop + 2]]) - level)  # before each block, and after it
    far = (jumps > high - low).all(axis=0) & ((level < 2 * low - high) | (level > 2 * high - low))
    for first, last in zip(start[far], stop[far], strict=True):
        block[first : last + 1] = True
    return block


def flat_lines(signal: np.ndarray, fs: float) -> np.ndarray:
    """Return which samples belong to a flat line, `(n,)` bool.

    What the signal jumps to and from by more than `JUMP` of the height of the complexes was filled in. Of the
    others none is taken for a flat line where these are more than `MOST_FLAT_LINES` of the signal; nor is
    what is clipped: it stands at the highest or the lowest sample, and that is no further off than a complex
    is high. Where most neighbours are equal, because the steps of the recorder are coarse, there is none.
    """
    still = np.append(np.diff(signal) == 0, False)[: len(signal)]
    spans = stretches(still, FLAT_LINE * fs)
    found = np.zeros(len(signal), dtype=bool)
    for start, stop in spans:
        found[start : stop + 1] = True
    if not len(spans) or found.all() or still[~found].mean() >= 0.5:
        return np.zeros(len(signal), dtype=bool)
    low, high = np.nanpercentile(signal[~found], (1, 99))
    padded = np.pad(signal, 1, constant_values=np.nan)  # before each span, and after it
    level, outside = signal[spans[:, 0]], np.stack([padded[spans[:, 0]], padded[spans[:, 1] + 2]])
    jumps = ~(np.abs(outside - level) <= JUMP * (high - low)).any(axis=0)
    short = np.diff(spans)[:, 0] < STILL * fs  # longer ones are lost in any case
    few = np.diff(spans[short & ~jumps]).sum() <= MOST_FLAT_LINES * len(signal)
    at_limit = (level == np.nanmin(signal)) | (level == np.nanmax(signal))
    clipped = at_limit & (2 * low - high <= level) & (level <= 2 * high - low)
    for start, stop in spans[~jumps & (clipped | (not few))]:
        found[start : stop + 1] = False
    return found
