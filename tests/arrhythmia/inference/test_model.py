"""An ONNX network and its config, as they lie in files."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from arrhythmia.aami import CLASSES
from arrhythmia.errors import DataError
from arrhythmia.features.table import beat_features
from arrhythmia.features.tokens import rhythm_tokens
from arrhythmia.inference.fusion import fuse
from arrhythmia.inference.model import ModelConfig, load_network
from arrhythmia.preprocessing.inputs import Preprocessor
from tests.cards import FUSION, SEGMENT

FOLDER = Path(__file__).parents[3] / "models" / "inter_patient"


@pytest.fixture
def network():
    return load_network(FOLDER / "cnn.onnx", FOLDER / "cnn.json")


def alone(network, temperature=1.0):
    """Return the network with weight 0 of the rhythm network."""
    fusion = {"weight": 0.0, "temperature": temperature}
    return replace(network, config=replace(network.config, fusion=fusion), rhythm=None)


def test_the_answer_is_in_the_order_of_the_classes(network, make_beats):
    beats = make_beats(
        np.zeros(3), waveform=np.random.default_rng(0).normal(size=(3, 100)).astype(np.float32)
    )
    network = alone(network)  # whose answer is in this order
    known = network.probability(beats)
    np.testing.assert_allclose(known.sum(axis=1), 1, atol=1e-5)
    turned = replace(network, config=replace(network.config, classes=CLASSES[::-1]))
    np.testing.assert_array_equal(turned.probability(beats), known[:, ::-1])


def test_the_answer_is_fused_with_that_of_the_rhythm_network_and_calibrated(network, make_beats):
    beats = make_beats(
        np.zeros(30),
        waveform=np.random.default_rng(0).normal(size=(30, 100)).astype(np.float32),
        r_index=np.array(38),
    )
    by_itself = alone(network).probability(beats)
    rhythm = network.rhythm.run(None, {"tokens": rhythm_tokens(beats, beat_features(beats))[None]})[0][0]
    pooled = fuse(by_itself, rhythm, weight=network.config.fusion["weight"], temperature=1.0)
    softened = pooled ** (1 / network.config.fusion["temperature"])
    expected = softened / softened.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(network.probability(beats), expected, atol=1e-6)


def test_with_weight_0_the_temperature_of_the_fusion_is_left(network, make_beats):
    waveform = np.random.default_rng(0).normal(size=(30, 100)).astype(np.float32)
    beats = make_beats(np.zeros(30), waveform=waveform, r_index=np.array(38))
    softened = alone(network).probability(beats).astype(float) ** (1 / 1.5)
    expected = softened / softened.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(alone(network, 1.5).probability(beats), expected, atol=1e-6)


def test_other_classes_are_refused(tmp_path):
    made = json.loads((FOLDER / "cnn.json").read_text()) | {"classes": ["N", "S", "V"]}
    (tmp_path / "cnn.json").write_text(json.dumps(made))
    with pytest.raises(DataError, match=r"cnn\.json: its classes are N S V; use N S V F Q"):
        load_network(FOLDER / "cnn.onnx", tmp_path / "cnn.json")


def text_of(segment):
    none = np.empty(0)
    preprocessor = Preprocessor("record", True, ("pre_rr_local",), none, none)
    made = ModelConfig("cnn", "inter_patient", "physionet", tuple("NSVFQ"), segment, preprocessor, FUSION)
    return made.to_json()


OLD = {name: value for name, value in SEGMENT.items() if name != "rr_after"}


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (None, "cnn.json: missing; restore it with `git checkout"),
        ("{", "cnn.json: damaged ("),
        ('{"model": "cnn"}', "cnn.json: damaged ("),
        ("1", "cnn.json: damaged ("),
        (text_of(SEGMENT).replace('"weight"', '"wait"'), "cnn.json: of another version of this project; run"),
        (text_of(OLD), "cnn.json: of another version of this project; run `dvc repro export`"),
        (text_of(SEGMENT | {"stretch": 1}), "cnn.json: of another version of this project; run"),
        (
            text_of(SEGMENT | {"window": "kaggle"}),
            "cnn.json: made for segment.window=kaggle; prediction needs",
        ),
        (text_of(SEGMENT), "cnn.onnx: cannot be read as ONNX ("),
    ],
)
def test_a_released_network_that_cannot_be_used_is_one_line(tmp_path, monkeypatch, config, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cnn.onnx").write_bytes(b"no network")
    if config is not None:
        (tmp_path / "cnn.json").write_text(config)
    paths = (tmp_path / "cnn.onnx", tmp_path / "cnn.json")
    with pytest.raises(DataError, match=re.escape(said)) as error:
        load_network(*(path.relative_to(tmp_path) for path in paths))
    assert "\n" not in str(error.value)
