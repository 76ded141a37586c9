"""The log-opinion pool of two networks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from arrhythmia.inference.fusion import fuse

answers = arrays(float, (4, 5), elements=st.floats(0.001, 1)).map(lambda x: x / x.sum(axis=1, keepdims=True))


@given(answers, answers)
def test_without_weight_the_network_is_unchanged(network, rhythm):
    np.testing.assert_allclose(fuse(network, rhythm, weight=0.0, temperature=1.0), network, rtol=1e-9)


@given(answers, answers, st.floats(0, 1))
def test_probabilities_add_up_and_what_only_the_network_knows_stays(network, rhythm, weight):
    fused = fuse(network, rhythm, weight=weight, temperature=1.0)
    np.testing.assert_allclose(fused.sum(axis=1), 1)
    np.testing.assert_allclose(fused[:, 4], network[:, 4], rtol=1e-6)
    np.testing.assert_allclose(fused[:, 2] / fused[:, 3], network[:, 2] / network[:, 3], rtol=1e-6)


@given(answers, answers)
def test_with_all_the_weight_n_s_and_ventricular_are_as_the_rhythm_network_says(network, rhythm):
    fused = fuse(network, rhythm, weight=1.0, temperature=1.0)
    known = rhythm[:, :4].sum(axis=1)
    for ours, theirs in (
        (fused[:, 0], rhythm[:, 0]),
        (fused[:, 1], rhythm[:, 1]),
        (fused[:, 2:4].sum(axis=1), rhythm[:, 2:4].sum(axis=1)),
    ):
        np.testing.assert_allclose(ours, theirs / known * (1 - network[:, 4]), rtol=1e-6)


def test_half_and_half_is_the_geometric_mean():
    network, rhythm = np.array([[0.8, 0.2, 0, 0, 0]]), np.array([[0.2, 0.8, 0, 0, 0]])
    np.testing.assert_allclose(
        fuse(network, rhythm, weight=0.5, temperature=1.0), [[0.5, 0.5, 0, 0, 0]], atol=1e-3
    )


def test_a_network_that_is_certain_can_be_overruled():
    network, rhythm = np.eye(5)[[0]], np.array([[0.0, 1.0, 0.0, 0.0, 0.0]])
    assert fuse(network, rhythm, weight=0.5, temperature=1.0)[0, :2] == pytest.approx([0.5, 0.5], abs=1e-3)
