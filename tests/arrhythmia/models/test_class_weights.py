import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrhythmia.models.class_weights import class_weights


@pytest.mark.parametrize(
    ("power", "expected"),
    [(0, [1, 0, 1, 0, 0]), (0.5, [5 / 6, 0, 10 / 6, 0, 0]), (1, [5 / 8, 0, 5 / 2, 0, 0])],
)
def test_class_weights(power, expected):
    np.testing.assert_allclose(class_weights(np.array([0, 0, 0, 0, 2]), power), expected)


@given(label=st.lists(st.integers(0, 4), min_size=1).map(np.array), power=st.floats(0, 2))
def test_mean_over_the_beats_is_1(label, power):
    np.testing.assert_allclose(class_weights(label, power)[label].mean(), 1)
