"""The template beat of a record, and measures relative to the record."""

import numpy as np


def template_beat(waveform: np.ndarray, rr_previous: np.ndarray, record: np.ndarray) -> np.ndarray:
    """Return the template beat of each beat's patient: the median of the record's late beats.

    Late are those whose RR interval is among the longest two fifths of the record. Ectopic beats are
    premature, so late ones are conducted as usual even in a record most of whose beats are ectopic, of which
    the plain median would be an ectopic beat. Needs the whole record but no label; not causal.

    Args:
        waveform: `(n, length)` in any unit.
        rr_previous: `(n,)` s, interval that ends with the beat; NaN if unknown.
        record: `(n,)` name of each beat's record.

    Returns:
        `(n, length)` float32; of all beats of a record without intervals.
    """
    names, index = np.unique(record, return_inverse=True)
    template = np.empty((len(names), waveform.shape[1]), dtype=np.float32)
    for i in range(len(names)):
        rows = np.flatnonzero(index == i)
        rr = rr_previous[rows]
        known = np.isfinite(rr)
        late = rr >= np.quantile(rr[known], 0.6) if known.any() else np.full(len(rows), True)
        template[i] = np.median(waveform[rows[late]], axis=0)
    if len(names) == 1:  # a day of one patient: the same row again and again needs no memory
        return np.broadcast_to(template[0], waveform.shape)
    return template[index]


def correlation(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation of each row of `x` with that of `y`, both `(n, k)`; NaN if one is flat."""
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    norm = np.sqrt((x * x).sum(axis=1) * (y * y).sum(axis=1))
    return (x * y).sum(axis=1) / np.where(norm > 0, norm, np.nan)


def relative_to_record(value: np.ndarray, record: np.ndarray) -> np.ndarray:
    """Divide each value by the median of its record. Needs the whole record but no label; not causal.

    Args:
        value: `(n,)` in any unit.
        record: `(n,)` name of each beat's record.

    Returns:
        `(n,)` float; unchanged in a record with median 0.
    """
    names, index = np.unique(record, return_inverse=True)
    median = np.array([np.median(value[index == i]) for i in range(len(names))])
    return value / np.where(median > 0, median, 1.0)[index]
