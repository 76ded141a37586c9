"""Bootstrap resamples of confusion counts (Efron & Tibshirani 1993, "An introduction to the bootstrap")."""

import numpy as np


def by_record(counts: np.ndarray, *, replicates: int, rng: np.random.Generator) -> np.ndarray:
    """Draw whole records with replacement, as beats of one patient are not independent.

    Args:
        counts: `(r, 5, 5)` confusion counts of each record.
        replicates: number of resamples.
        rng: source of randomness.

    Returns:
        `(replicates, 5, 5)` confusion counts of the resamples.
    """
    records = len(counts)
    times = rng.multinomial(records, np.full(records, 1 / records), size=replicates)  # (replicates, r)
    return np.tensordot(times, counts, axes=1)


def by_beat(counts: np.ndarray, *, replicates: int, rng: np.random.Generator) -> np.ndarray:
    """Draw single beats with replacement.

    Right for new beats of the *same* patients only: it knows nothing of how patients differ.

    Args:
        counts: `(5, 5)` confusion counts of all beats.
        replicates: number of resamples.
        rng: source of randomness.

    Returns:
        `(replicates, 5, 5)` confusion counts of the resamples.
    """
    beats = counts.sum()
    return rng.multinomial(beats, counts.ravel() / beats, size=replicates).reshape(-1, *counts.shape)


def interval(values: np.ndarray) -> tuple[float, float]:
    """Return the 95 % percentile interval of a statistic.

    Args:
        values: `(replicates,)` the statistic of each resample.
    """
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
