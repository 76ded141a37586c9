"""A recording with its annotations, whatever it was read from."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Recording:
    """One ECG recording with its annotations.

    Attributes:
        name: name of the record.
        fs: sampling rate, Hz.
        lead: name of the lead in `signal`.
        signal: `(n,)` float32, mV: the preferred lead, or channel 0 where the record does not have it.
        adu: `(n,)` int32, ADC units: channel 0, whatever its lead.
        sample: `(m,)` int64: positions of all annotations, non-beats included.
        symbol: `(m,)` str: their symbols.
        comments: lines of text of the header; in the MIT-BIH Arrhythmia Database age, sex and recorder, then
            medication, then remarks.
    """

    name: str
    fs: float
    lead: str
    signal: np.ndarray
    adu: np.ndarray
    sample: np.ndarray
    symbol: np.ndarray
    comments: tuple[str, ...] = ()
