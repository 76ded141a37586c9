"""What a person wants to know of a classified recording: counts, burden, runs, heart rate, doubts."""

from typing import Any

import numpy as np

from arrhythmia.aami import CLASSES, N

CERTAIN = 0.7
"""A beat whose likeliest class has less than this calibrated probability is too uncertain to call: of such
beats about one in three or more is in another class."""

RATE_BEATS = 8
"""Beats over which the heart rate is averaged, so that one early beat does not count as a fast heart."""


def summarize(time: np.ndarray, rr: np.ndarray, probability: np.ndarray) -> dict[str, Any]:
    """Return the summary of a recording, ready for JSON.

    Args:
        time: `(n,)` s, of the beats.
        rr: `(n,)` s, interval that ends with the beat; NaN for the first beat and after lost signal.
        probability: `(n, 5)` calibrated probabilities.

    Returns:
        `beats`, `counts` by class, `burden_percent` of S and V (share of all beats), `longest_run` of S and V
        (`beats`, `start_s`), `heart_rate` (`median`, and `lowest` and `highest` over 8 beats, a minute) and
        `uncertain_percent`.
    """
    label = probability.argmax(axis=1)
    n, parted = len(label), np.isnan(rr)
    counts = {name: int((label == k).sum()) for k, name in enumerate(CLASSES)}
    return {
        "beats": n,
        "counts": counts,
        "burden_percent": {name: round(100 * counts[name] / max(n, 1), 2) for name in "SV"},
        "longest_run": {name: _run(label == CLASSES.index(name), parted, time) for name in "SV"},
        "heart_rate": heart_rate(rr),
        "uncertain_percent": round(100 * float(uncertain(probability).mean()), 2) if n else 0.0,
    }


def uncertain(probability: np.ndarray) -> np.ndarray:
    """Return which beats are too uncertain to call, `(n,)` bool."""
    return probability.max(axis=1) < CERTAIN


def longest_run(member: np.ndarray, parted: np.ndarray) -> tuple[int, int]:
    """Return first index and length of the longest run of beats, the first of equals; length 0 if none.

    Args:
        member: `(n,)` bool, which beats count.
        parted: `(n,)` bool, which beats do not follow on the one before.
    """
    if not member.any():
        return 0, 0
    starts = np.flatnonzero(np.diff(member, prepend=~member[:1]) | parted)
    lengths = np.diff(starts, append=len(member)) * member[starts]
    best = int(lengths.argmax())
    return int(starts[best]), int(lengths[best])


def heart_rate(rr: np.ndarray) -> dict[str, float | None]:
    """Return the heart rate, beats a minute; None where there are too few beats.

    Args:
        rr: `(n,)` s, intervals; NaN where unknown.
    """
    rate: dict[str, float | None] = {"median": None, "lowest": None, "highest": None}
    if np.isfinite(rr).any():
        rate["median"] = round(60 / float(np.nanmedian(rr)), 1)
    if len(rr) >= RATE_BEATS:
        spans = np.lib.stride_tricks.sliding_window_view(rr.astype(float), RATE_BEATS).sum(axis=1)
        if (spans := spans[np.isfinite(spans)]).size:
            rate["lowest"], rate["highest"] = (
                round(60 * RATE_BEATS / float(x), 1) for x in (spans.max(), spans.min())
            )
    return rate


def worst_minute(sample: np.ndarray, probability: np.ndarray, fs: float, length: int) -> int:
    """Return the first sample of the minute with the most beats that are not normal or not certain.

    Args:
        sample: `(n,)` positions of the beats, in samples.
        probability: `(n, 5)`.
        fs: sampling rate, Hz.
        length: samples of the recording.

    Returns:
        A multiple of ten seconds; of equally bad minutes the first, 0 in a recording of less than a minute.
    """
    odd = sample[(probability.argmax(axis=1) != N) | uncertain(probability)]
    starts = np.arange(0, max(length - 60 * fs, 0) + 1, 10 * fs)
    inside = np.searchsorted(odd, starts + 60 * fs) - np.searchsorted(odd, starts)
    return round(starts[inside.argmax()])


def _run(member: np.ndarray, parted: np.ndarray, time: np.ndarray) -> dict[str, Any]:
    start, beats = longest_run(member, parted)
    return {"beats": beats, "start_s": round(float(time[start]), 2) if beats else None}
