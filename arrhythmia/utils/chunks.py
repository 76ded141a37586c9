"""Computing row by row with little memory."""

from collections.abc import Callable

import numpy as np

ROWS = 8192
"""Rows at a time: intermediate results of a day's 100,000 beats would need hundreds of megabytes."""


def in_blocks(
    function: Callable[..., np.ndarray], *arrays: np.ndarray, out: np.ndarray | None = None
) -> np.ndarray:
    """Return `function(*arrays)`, computed from some rows at a time.

    Args:
        function: each row of its result depends on the same row of its arguments alone.
        arrays: `(n, …)` each.
        out: where the result goes; an array of its own without it.
    """
    n = len(arrays[0])
    first = function(*(x[:ROWS] for x in arrays))
    result = np.empty((n, *first.shape[1:]), first.dtype) if out is None else out
    result[:ROWS] = first
    for i in range(ROWS, n, ROWS):
        result[i : i + ROWS] = function(*(x[i : i + ROWS] for x in arrays))
    return result
