import numpy as np
import pytest

from arrhythmia.utils import chunks
from arrhythmia.utils.chunks import in_blocks


@pytest.mark.parametrize("n", [0, 1, 3, 4, 7, 8])
def test_it_is_the_function_of_all_rows(monkeypatch, n):
    monkeypatch.setattr(chunks, "ROWS", 4)
    x, y = np.arange(2.0 * n).reshape(n, 2), np.arange(n)
    sizes = []

    def function(x, y):
        sizes.append(len(x))
        return x * y[:, None]

    np.testing.assert_array_equal(in_blocks(function, x, y), x * y[:, None])
    assert max(sizes) <= 4
