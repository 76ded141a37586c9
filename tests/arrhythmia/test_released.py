import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from arrhythmia.aami import CLASSES
from arrhythmia.errors import DataError
from arrhythmia.released import load_released

FOLDER = Path(__file__).parents[2] / "released" / "inter_patient"


@pytest.fixture
def released():
    return load_released(FOLDER / "cnn.onnx", FOLDER / "cnn.json")


def test_the_answer_is_in_the_order_of_the_classes(released, make_beats):
    beats = make_beats(
        np.zeros(3), waveform=np.random.default_rng(0).normal(size=(3, 100)).astype(np.float32)
    )
    known = released.probability(beats)
    np.testing.assert_allclose(known.sum(axis=1), 1, atol=1e-5)
    turned = replace(released, recipe=replace(released.recipe, classes=CLASSES[::-1]))
    np.testing.assert_array_equal(turned.probability(beats), known[:, ::-1])


def test_other_classes_are_refused(tmp_path):
    made = json.loads((FOLDER / "cnn.json").read_text()) | {"classes": ["N", "S", "V"]}
    (tmp_path / "cnn.json").write_text(json.dumps(made))
    with pytest.raises(DataError, match=r"cnn\.json: its classes are N S V; use N S V F Q"):
        load_released(FOLDER / "cnn.onnx", tmp_path / "cnn.json")


def test_a_damaged_recipe_is_named(tmp_path):
    (tmp_path / "cnn.json").write_text('{"model": "cnn"}')
    with pytest.raises(DataError, match=r"cnn\.json: damaged"):
        load_released(FOLDER / "cnn.onnx", tmp_path / "cnn.json")
