"""One answer of two networks: the CNN or RNN, which sees a beat's shape, and the rhythm network."""

import numpy as np
from scipy.special import softmax

from arrhythmia.aami import F, N, Q, S, V

FITTED = ("weight", "temperature")
"""What `calibrate` writes of a fusion beside its scores."""

FLOOR = 1e-7
"""Probabilities below it count as it: one network must not overrule the other for certain."""


def fuse(network: np.ndarray, rhythm: np.ndarray, *, weight: float, temperature: float) -> np.ndarray:
    """Combine two answers by a logarithmic opinion pool (Genest & Zidek 1986, Statist Sci 1:114-135).

    p = p_network^(1 - weight) · p_rhythm^weight, normalised, over what the rhythm network can tell apart: N,
    S, and V or F together. Which of V and F it is, and whether it is Q, stays as the network says: fusion
    beats are told by their shape, and no simulated patient is paced.

    Args:
        network: `(n, 5)` probabilities of the CNN or RNN.
        rhythm: `(n, 5)` probabilities of the rhythm network; its Q, a false detection, is left out.
        weight: of the rhythm network, 0..1; with 0 the network's answer is unchanged but for the temperature.
        temperature: of both together (Guo 2017); 1 where it is yet to be fitted.

    Returns:
        `(n, 5)` float64 probabilities.
    """
    network, rhythm = (np.maximum(np.asarray(p, dtype=float), FLOOR) for p in (network, rhythm))
    network = network / network.sum(axis=1, keepdims=True)
    groups = [np.column_stack([p[:, N], p[:, S], p[:, V] + p[:, F]]) for p in (network, rhythm)]
    ours, theirs = (p / p.sum(axis=1, keepdims=True) for p in groups)
    pool = ours ** (1 - weight) * theirs**weight
    pool *= (1 - network[:, [Q]]) / pool.sum(axis=1, keepdims=True)
    v_of_ventricular = network[:, V] / (network[:, V] + network[:, F])
    v, f = pool[:, 2] * v_of_ventricular, pool[:, 2] * (1 - v_of_ventricular)
    pooled = np.column_stack([pool[:, 0], pool[:, 1], v, f, network[:, Q]])
    return softmax(np.log(pooled) / temperature, axis=1)
