import sys
import types
from pathlib import Path

import numpy as np
import pytest

from arrhythmia.studies import time_to_quality
from arrhythmia.studies.time_to_quality import build, seconds_to, timed_training

ROOT = Path(__file__).parents[3]


@pytest.fixture
def clock(monkeypatch):
    """A clock that moves only when it is told to."""
    now = types.SimpleNamespace(seconds=100.0)
    monkeypatch.setattr(time_to_quality.time, "perf_counter", lambda: now.seconds)
    return now


class Model:
    """Needs 7 s for a prediction, and gets one more beat right each time."""

    inputs = (types.SimpleNamespace(name="waveform"),)

    def __init__(self, clock, label):
        self.clock, self.label, self.right = clock, label, 0

    def predict(self, inputs, **_):
        self.clock.seconds += 7
        self.right += 1
        told = np.where(np.arange(len(self.label)) < self.right, self.label, 4)
        return {"logits": np.eye(5)[told]}


@pytest.fixture
def training(monkeypatch, clock):
    """Stands for `arrhythmia.training.fit`: 10 s an epoch."""
    calls = []

    def train_epochs(model, train, held_out, *, epochs, **others):
        calls.append((train, held_out, others))
        for _ in range(epochs):
            clock.seconds += 10
            yield {"loss": 1.0}

    fake = types.ModuleType("arrhythmia.training.fit")
    fake.train_epochs = train_epochs
    monkeypatch.setitem(sys.modules, "arrhythmia.training.fit", fake)
    return calls


def test_the_clock_stands_still_while_the_test_beats_are_scored(keras, training, clock):
    label = np.array([0, 1, 2, 3])
    arrays = {"waveform": np.zeros((4, 3, 1)), "label": label}
    history = timed_training(Model(clock, label), {"side": "train"}, arrays, {"epochs": 3, "lr": 0.1})
    assert [seconds for seconds, _ in history] == [10, 20, 30]
    np.testing.assert_allclose([macro_f1 for _, macro_f1 in history], [0.2, 0.4, 0.6])
    assert training == [({"side": "train"}, None, {"lr": 0.1})]


def test_seconds_to():
    history = [(10.0, 0.5), (20.0, 0.95), (30.0, 0.9), (40.0, 0.99)]
    assert seconds_to(0.918, history) == 20
    assert seconds_to(0.995, history) is None


@pytest.mark.parametrize(
    ("model", "network"), [("cnn", "kachuee"), ("cnn", "three_layer"), ("rnn", "stacked_lstm")]
)
def test_a_classic_network_is_built_for_the_arrays(keras, model, network):
    params = {model: {"network": network, "filters": 7}}
    built = build(model, params, {"waveform": np.zeros((1, 187, 1)), "features": np.zeros((1, 0))})
    assert built.name == network
    assert [tensor.shape for tensor in built.inputs] == [(None, 187, 1)]


def test_our_network_is_built_from_its_parameters(keras):
    settings = {"cell": "gru", "units": 3, "stem": 0, "patch": 4, "embedding": 4, "dense": 4, "dropout": 0.1}
    params = {"rnn": {"network": "patches", **settings}}
    arrays = {"waveform": np.zeros((1, 187, 2)), "features": np.zeros((1, 5))}
    shapes = [tensor.shape for tensor in build("rnn", params, arrays).inputs]
    assert shapes == [(None, 187, 2), (None, 5)]
