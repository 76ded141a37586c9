"""From a recording of any length to its beats, piece by piece, so that a day needs little memory."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count

import numpy as np

from arrhythmia.ecg.beats import Beats
from arrhythmia.ecg.conditioning import annotated_beats, condition, detect_beats
from arrhythmia.ecg.filtering import FS, rate_ratio
from arrhythmia.ecg.gaps import clipped_share, lost_spans, stretches
from arrhythmia.ecg.rr_intervals import long_run_rr, rr_intervals
from arrhythmia.ecg.windows import centred_windows, resampling_kernel, window_length
from arrhythmia.features.template import correlation, template_beat
from arrhythmia.formats.ecg import Ecg
from arrhythmia.inference.artefacts import without_artefacts
from arrhythmia.inference.quality import (
    FAINT,
    OK,
    TENTH,
    Measures,
    measure,
    not_among_beats,
    states_of,
    steepness,
    without_beats,
)
from arrhythmia.inference.rejection import false_detections
from arrhythmia.inference.threads import in_threads
from arrhythmia.utils.chunks import ROWS, in_blocks

PIECE = 600
"""Length of a piece, s; a multiple of a block of two seconds, so that blocks follow on one another from piece
to piece, as if there were none."""

MARGIN = 20
"""What is read beside a piece on either side, s: thresholds look 15 s around, and filters need to settle."""

BORDER = 0.1
"""Beats of two neighbouring pieces cannot be closer, s."""


@dataclass(frozen=True)
class Piece:
    """A piece of a recording, with margins.

    Attributes:
        start: its first sample.
        stop: the sample after its last.
        first: the first sample of the signal.
        signal: `(n,)` mV, with the margins.
        fs: sampling rate by which it is resampled to `FS`, Hz: the recording's own, or close to it
            (`filtering.rate_ratio`), so that at the end of a piece times may be 0.3 s off.
        inside: the piece without them, in samples after resampling; whole blocks, but in the last one.
        place: position of its first sample in the recording, at `FS`.
    """

    start: int
    stop: int
    first: int
    signal: np.ndarray
    fs: float
    inside: slice
    place: int

    def in_recording(self, found: np.ndarray, fs: float) -> np.ndarray:
        """Return positions in the recording, at `FS`, of positions in the resampled signal.

        Args:
            found: `(n,)` in samples after resampling.
            fs: sampling rate of the recording, Hz.
        """
        return np.round((self.first + found * self.fs / FS) * FS / fs).astype(np.int64)


@dataclass(frozen=True)
class Cut:
    """What was cut out of a recording, or out of a piece of it.

    Attributes:
        waveform: `(n, length)` float32, mV.
        peak: `(n,)` R peaks, in samples at `FS`.
        slope: `(n,)` slope of their complexes, mV/s.
        seen: `(p,)` bool, which of the known beats these are; empty where none were known.
    """

    waveform: np.ndarray
    peak: np.ndarray
    slope: np.ndarray
    seen: np.ndarray


@dataclass(frozen=True)
class CutPiece:
    """What was made of a piece.

    Attributes:
        cut: its beats.
        measures: of its signal.
        signal: `(n,)` mV at `FS`, conditioned, without margins.
        place: position of its first sample in the recording, at `FS`.
        seconds: its length, s.
    """

    cut: Cut
    measures: Measures
    signal: np.ndarray
    place: int
    seconds: float


@dataclass(frozen=True)
class Detections:
    """How good all detections are, before any is rejected.

    Attributes:
        faint: share whose complexes are faint, 0..1.
        alike: median correlation with the template beat; NaN where none is known.
    """

    faint: float
    alike: float


@dataclass(frozen=True)
class Found:
    """What was found in a recording.

    Attributes:
        beats: `n` beats; known ones in lost signal are left out.
        measures: of the signal.
        state: `(t,)` of each tenth of a second, an index into `quality.STATES`.
        rejected: `(r,)` positions of detections that are no beats, in samples; none where beats were known.
        faint: share of the beats whose complexes are faint, 0..1; 0 where they were known.
        detections: what `quality.check_alike` judges, of all detections.
    """

    beats: Beats
    measures: Measures
    state: np.ndarray
    rejected: np.ndarray
    faint: float
    detections: Detections


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
    threads: int = 1,
    on_piece: Callable[[float], object] = lambda seconds: None,
    on_signal: Callable[[np.ndarray, int], object] = lambda signal, first: None,
) -> Found:
    """Find the beats of a recording and cut them out, by the code that cut the training beats.

    Args:
        ecg: the recording.
        fs: sampling rate of the windows, Hz.
        before: time before the R peak, s.
        after: time from the R peak on, s.
        rr_before: number of RR intervals up to the beat.
        rr_after: number of RR intervals from the beat on.
        rr_long: number of RR intervals in the long-run mean, on either side.
        positions: `(n,)` known beats, in samples, ascending; None to detect them.
        threads: pieces to compute at a time; their number changes nothing of what is found.
        on_piece: called after each piece with its length, s.
        on_signal: called with the conditioned signal of each piece, mV at `FS`, and its first sample's
            position; the pieces follow on one another.

    Returns:
        What was found; the beats have no label (-1) and no symbol. An interval across a part that is lost,
        noise or without beats is unknown, NaN.
    """
    kernel, r_row = resampling_kernel(FS, fs, before=before, after=after)
    cut_piece = partial(_cut_piece, ecg.fs, kernel, r_row, positions)
    made = in_threads(cut_piece, pieces(ecg), threads=threads)
    cut, measures = _joined(made, on_piece=on_piece, on_signal=on_signal)
    silent, noise = without_beats(measures, cut.waveform, cut.peak)
    empty = silent | noise
    rejected, faint, detections = cut.peak[:0], 0.0, Detections(0.0, np.nan)
    if positions is None and len(cut.peak):
        cut = _kept(cut, ~not_among_beats(measures, empty, cut.peak, cut.slope))
    if positions is None and len(cut.peak):
        share = steepness(measures, empty, cut.peak, cut.slope)
        match = in_blocks(correlation, cut.waveform, _template_beats(cut.waveform, cut.peak))
        alike = match[np.isfinite(match)]
        detections = Detections((share < FAINT).mean(), np.median(alike) if len(alike) else np.nan)
        false = false_detections(cut.peak, share, match)
        rejected, cut = cut.peak[false], _kept(cut, ~false)
        faint = float((share[~false] < FAINT).mean())
    peak, waveform = cut.peak, cut.waveform
    state = states_of(measures, peak, noise)
    sample = in_samples(peak, ecg.fs) if positions is None else positions[cut.seen]
    unknown = lost_between(peak, TENTH * stretches(state != OK, 1))
    beats = Beats(
        waveform=waveform,
        rr=known_rr(peak, unknown, before=rr_before, after=rr_after),
        rr_long=known_long_run(peak, unknown, beats=rr_long),
        record=np.full(len(peak), ecg.name),
        sample=sample.astype(np.int32),
        annotation=np.full(len(peak), -1, dtype=np.int32),
        symbol=np.full(len(peak), "", dtype="<U1"),
        label=np.full(len(peak), -1, dtype=np.int8),
        kaggle=np.zeros(len(peak), dtype=bool),
        source=np.array("recording"),
        fs=np.array(float(fs)),
        r_index=np.array(window_length(fs, before=before, after=after)[1]),
        rr_before=np.array(rr_before),
    )
    return Found(beats, measures, state, in_samples(rejected, ecg.fs), faint, detections)


def _cut_piece(
    fs: float, kernel: np.ndarray, r_row: int, positions: np.ndarray | None, piece: Piece
) -> CutPiece:
    """Condition and measure a piece, and cut out what is detected, or what is known.

    Args:
        fs: sampling rate of the recording, Hz.
        kernel: `(width, length)`, from `resampling_kernel`.
        r_row: row of the R peak in the kernel.
        positions: as for `stream_beats`.
        piece: with its margins.
    """
    clean, spike = without_artefacts(piece.signal, fs)
    conditioned = condition(clean, piece.fs)
    inside, own = piece.inside, slice(piece.start - piece.first, piece.stop - piece.first)
    spikes = len(stretches(spike[own], 1))
    clipped, scattered = shares_of_known(clean[own], spike[own], fs)
    if positions is None:
        found = detect_beats(conditioned)
        place = piece.in_recording(found, fs)
        kept = (place >= piece.place) & (place < piece.place + inside.stop - inside.start)
        seen = np.zeros(0, dtype=bool)
    else:
        known = positions[(positions >= piece.start) & (positions < piece.stop)]
        found = annotated_beats(conditioned, known - piece.first, piece.fs)
        place = piece.in_recording(found, fs)
        kept = seen = conditioned.known[found]
    found = found[kept]
    waveform = centred_windows(conditioned.signal, found, kernel, r_row)
    return CutPiece(
        Cut(waveform, place[kept], conditioned.slope[found], seen),
        measure(conditioned, inside, clipped=clipped, scattered=scattered, spikes=spikes),
        conditioned.signal[inside],
        piece.place,
        (piece.stop - piece.start) / fs,
    )


def _joined(
    made: Iterable[CutPiece],
    *,
    on_piece: Callable[[float], object],
    on_signal: Callable[[np.ndarray, int], object],
) -> tuple[Cut, Measures]:
    """Join what was made of the pieces of a recording.

    Args:
        made: the pieces, one after another.
        on_piece: as for `stream_beats`.
        on_signal: as for `stream_beats`.
    """
    waveform, length = np.empty(0, dtype=np.float32), 0
    peak, slope, seen, measures, earliest = [], [], [], [], 0.0
    for piece in made:
        on_signal(piece.signal, piece.place)
        cut = piece.cut
        # of a detected beat on the border, which both pieces see, only one is kept
        first = 0 if len(cut.seen) else int(np.searchsorted(cut.peak, earliest))
        if len(cut.peak):
            earliest = cut.peak[-1] + BORDER * FS
        rows, length = cut.waveform[first:], cut.waveform.shape[1]
        waveform.resize(waveform.size + rows.size, refcheck=False)  # in place: a day's are 60 MB
        waveform[waveform.size - rows.size :] = rows.ravel()
        peak.append(cut.peak[first:])
        slope.append(cut.slope[first:])
        seen.append(cut.seen)
        measures.append(piece.measures)
        on_piece(piece.seconds)
    joined = (np.concatenate(parts) for parts in (peak, slope, seen))
    return Cut(waveform.reshape(-1, length), *joined), Measures.joined(measures)


def shares_of_known(signal: np.ndarray, spike: np.ndarray, fs: float) -> tuple[float, float]:
    """Return `clipped_share` but for lost signal, which stands still too, and the share missing besides.

    Args:
        signal: `(n,)` mV, NaN where it is missing.
        spike: `(n,)` bool, samples that are missing because they were spikes; they do not count.
        fs: sampling rate, Hz.
    """
    kept = np.ones(len(signal), dtype=bool)
    for start, stop in lost_spans(signal, fs):
        kept[start:stop] = False
    scattered = np.isnan(signal[kept & ~spike])
    return clipped_share(signal[kept]), float(scattered.mean()) if len(scattered) else 0.0


def in_samples(peak: np.ndarray, fs: float) -> np.ndarray:
    """Return positions in samples at `fs` (Hz) of positions at `FS`."""
    return np.round(peak * fs / FS).astype(np.int64)


def pieces(ecg: Ecg) -> Iterator[Piece]:
    """Yield the recording in pieces of `PIECE` s; the last one is shorter."""
    ratio, margin = rate_ratio(ecg.fs), round(MARGIN * ecg.fs)
    for number in count():
        start, stop = (min(round(k * PIECE * ecg.fs), ecg.length) for k in (number, number + 1))
        if start == ecg.length:
            return
        # a sample that falls on one after resampling
        first = max(start - margin, 0) // ratio.denominator * ratio.denominator
        # by the time, not by the samples, of which at some rates no whole number makes a block
        place = number * PIECE * FS
        length = PIECE * FS if stop < ecg.length else round(ecg.length * FS / ecg.fs) - place
        begin = round((number * PIECE * ecg.fs - first) * float(ratio))
        signal = ecg.read(first, min(stop + margin, ecg.length))
        yield Piece(start, stop, first, signal, float(FS / ratio), slice(begin, begin + length), place)


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


def known_rr(peak: np.ndarray, unknown: np.ndarray, *, before: int, after: int) -> np.ndarray:
    """Return `rr_intervals`, NaN where the interval is unknown.

    Args:
        peak: `(n,)` R peaks, in samples at `FS`.
        unknown: `(n - 1,)` from `lost_between`.
        before: number of intervals up to the beat.
        after: number of intervals from the beat on.

    Returns:
        `(n, before + after)` float32, s.
    """
    rr = rr_intervals(peak, FS, before=before, after=after)
    if unknown.any():
        edges = np.concatenate([np.zeros(before, dtype=bool), unknown, np.zeros(after, dtype=bool)])
        rr[np.lib.stride_tricks.sliding_window_view(edges, before + after)] = np.nan
    return rr


def known_long_run(peak: np.ndarray, unknown: np.ndarray, *, beats: int) -> np.ndarray:
    """Return `long_run_rr` as if there were no time between the beats on both sides of lost signal.

    Args:
        peak: `(n,)` R peaks, in samples at `FS`.
        unknown: `(n - 1,)` from `lost_between`.
        beats: number of known intervals to average on either side.

    Returns:
        `(n,)` float32, s; NaN where no interval is known.
    """
    if not unknown.any():
        return long_run_rr(peak, FS, beats=beats)
    after = np.concatenate([[False], unknown])  # beats after lost signal; each joins the one before it
    joined = peak - np.cumsum(np.where(after, np.diff(peak, prepend=0), 0))
    return long_run_rr(joined[~after], FS, beats=beats)[np.cumsum(~after) - 1]


def _kept(cut: Cut, kept: np.ndarray) -> Cut:
    """Return what is kept, `(n,)` bool; its waveforms take the place of the first ones, which are lost."""
    count = 0
    for i in range(0, len(kept), ROWS):  # no copy of them all: a day's beats are 60 MB
        rows = cut.waveform[i : i + ROWS][kept[i : i + ROWS]]
        cut.waveform[count : count + len(rows)] = rows
        count += len(rows)
    return Cut(cut.waveform[:count], cut.peak[kept], cut.slope[kept], cut.seen)


def _template_beats(waveform: np.ndarray, peak: np.ndarray) -> np.ndarray:
    """Return the template beat for each detection of a recording, `(n, length)`."""
    # Intervals across lost signal pass for late ones; they count if every fifth is one.
    interval = np.diff(peak / FS, prepend=np.nan)
    return template_beat(waveform, interval, np.zeros(len(peak)))
