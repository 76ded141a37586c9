"""From a recording of any length to its beats, piece by piece, so that a day needs little memory."""

from collections.abc import Callable, Iterator

import numpy as np

from arrhythmia.ecg.beats import Beats
from arrhythmia.ecg.detection import detect_beats
from arrhythmia.ecg.formats import Ecg
from arrhythmia.ecg.rr_intervals import long_run_rr, rr_intervals
from arrhythmia.ecg.windows import centred_windows, resampling_kernel, window_length
from arrhythmia.inference.quality import Quality, lost_spans, quality_of, without_gaps

PIECE = 600.0
"""Length of a piece, s."""

MARGIN = 20.0
"""What is read beside a piece on either side, s: filters and thresholds need to settle."""

REFRACTORY = 0.2
"""Two beats cannot be closer, s; so of one that both neighbouring pieces see only one is kept."""

EDGE = 0.1
"""A complex closer to the start or the end of the recording, s, is cut by it."""


def stream_beats(
    ecg: Ecg,
    *,
    fs: float,
    before: float,
    after: float,
    rr_before: int,
    rr_after: int,
    rr_long: int,
    positions: np.ndarray | None = None,
    on_piece: Callable[[float], object] = lambda seconds: None,
) -> tuple[Beats, Quality]:
    """Find the beats of a recording and cut them out, by the code that cut the training beats.

    Args:
        ecg: the recording.
        fs: sampling rate of the windows, Hz.
        before: time before the R peak, s.
        after: time from the R peak on, s.
        rr_before: number of RR intervals up to the beat.
        rr_after: number of RR intervals from the beat on.
        rr_long: number of RR intervals in the long-run mean, on either side.
        positions: `(n,)` known R peaks, in samples, ascending; None to detect them.
        on_piece: called after each piece with its length, s.

    Returns:
        The beats, with no label (-1) and no symbol, and what the recording is like. An interval across lost
        signal is unknown, NaN: beats may be missing in it.
    """
    kernel, r_row = resampling_kernel(ecg.fs, fs, before=before, after=after)
    most = ecg.length / (REFRACTORY * ecg.fs) + 1 if positions is None else len(positions)
    # room for the most beats there can be; what is not written to takes no memory, and nothing is copied
    waveform = np.empty((int(most), kernel.shape[1]), dtype=np.float32)
    sample, quality, n = np.empty(int(most), dtype=np.int64), Quality(), 0
    lost = []
    for start, stop, first, signal in pieces(ecg):
        quality += quality_of(signal[start - first : stop - first], ecg.fs)
        gaps = lost_spans(signal, ecg.fs) + first
        lost.append(gaps)
        signal = without_gaps(signal)
        if positions is None:
            found = detect_beats(signal, ecg.fs) + first
            earliest = max(start, sample[n - 1] + REFRACTORY * ecg.fs if n else EDGE * ecg.fs)
            latest = min(stop, ecg.length - EDGE * ecg.fs)
            found = found[(found >= earliest) & (found < latest) & ~_inside(found, gaps)]
        else:
            found = positions[(positions >= start) & (positions < stop)]
        waveform[n : n + len(found)] = centred_windows(signal, found - first, kernel, r_row)
        sample[n : n + len(found)] = found
        n += len(found)
        on_piece((stop - start) / ecg.fs)
    sample = sample[:n]
    unknown = lost_between(sample, np.concatenate(lost))
    beats = Beats(
        waveform=waveform[:n],
        rr=known_rr(sample, ecg.fs, unknown, before=rr_before, after=rr_after),
        rr_long=known_long_run(sample, ecg.fs, unknown, beats=rr_long),
        record=np.full(n, ecg.name),
        sample=sample.astype(np.int32),
        annotation=np.full(n, -1, dtype=np.int32),
        symbol=np.full(n, "", dtype="<U1"),
        label=np.full(n, -1, dtype=np.int8),
        kaggle=np.zeros(n, dtype=bool),
        source=np.array("recording"),
        fs=np.array(float(fs)),
        r_index=np.array(window_length(fs, before=before, after=after)[1]),
        rr_before=np.array(rr_before),
    )
    return beats, quality


def pieces(ecg: Ecg) -> Iterator[tuple[int, int, int, np.ndarray]]:
    """Yield the recording in pieces: first sample, the one after the last, and the signal with its margins.

    Yields:
        `start`, `stop`, `first` (position of the signal's first sample) and the signal, mV.
    """
    length, margin = round(PIECE * ecg.fs), round(MARGIN * ecg.fs)
    for start in range(0, ecg.length, length):
        stop = min(start + length, ecg.length)
        first = max(start - margin, 0)
        yield start, stop, first, ecg.read(first, min(stop + margin, ecg.length))


def lost_between(sample: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """Return between which neighbouring beats signal was lost, `(n - 1,)` bool.

    Args:
        sample: `(n,)` positions of the beats, in samples, ascending.
        lost: `(k, 2)` first sample of each lost stretch, and the one after its last, in any order.
    """
    unknown = np.zeros(max(len(sample) - 1, 0), dtype=bool)
    last_before = np.searchsorted(sample, lost[:, 0]) - 1
    first_after = np.searchsorted(sample, lost[:, 1])
    for first, last in zip(last_before, first_after, strict=True):
        unknown[max(first, 0) : last] = True
    return unknown


def known_rr(sample: np.ndarray, fs: float, unknown: np.ndarray, *, before: int, after: int) -> np.ndarray:
    """Return `rr_intervals`, NaN where the interval is unknown.

    Args:
        sample: `(n,)` positions of the beats, in samples.
        fs: sampling rate, Hz.
        unknown: `(n - 1,)` from `lost_between`.
        before: number of intervals up to the beat.
        after: number of intervals from the beat on.

    Returns:
        `(n, before + after)` float32, s.
    """
    rr = rr_intervals(sample, fs, before=before, after=after)
    if unknown.any():
        edges = np.concatenate([np.zeros(before, dtype=bool), unknown, np.zeros(after, dtype=bool)])
        rr[np.lib.stride_tricks.sliding_window_view(edges, before + after)] = np.nan
    return rr


def known_long_run(sample: np.ndarray, fs: float, unknown: np.ndarray, *, beats: int) -> np.ndarray:
    """Return `long_run_rr` as if there were no time between the beats on both sides of lost signal.

    Args:
        sample: `(n,)` positions of the beats, in samples.
        fs: sampling rate, Hz.
        unknown: `(n - 1,)` from `lost_between`.
        beats: number of known intervals to average on either side.

    Returns:
        `(n,)` float32, s; NaN where no interval is known.
    """
    if not unknown.any():
        return long_run_rr(sample, fs, beats=beats)
    after = np.concatenate([[False], unknown])  # beats after lost signal; each joins the one before it
    joined = sample - np.cumsum(np.where(after, np.diff(sample, prepend=0), 0))
    return long_run_rr(joined[~after], fs, beats=beats)[np.cumsum(~after) - 1]


def _inside(sample: np.ndarray, spans: np.ndarray) -> np.ndarray:
    inside = np.zeros(len(sample), dtype=bool)
    for start, stop in spans:
        inside |= (sample >= start) & (sample < stop)
    return inside
