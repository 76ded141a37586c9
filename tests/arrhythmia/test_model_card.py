import numpy as np
import pytest

from arrhythmia.model_card import model_card
from arrhythmia.model_inputs import InputRules
from arrhythmia.released import DISCLAIMER, Recipe
from arrhythmia.scorecard import records_table
from tests.cards import card

AGREEMENT = {
    "float32": {"equal_decisions": 1.0, "macro_f1_change": 0.0, "largest_difference": 0.0, "bytes": 892220},
    "int8": {
        "equal_decisions": 0.9998,
        "macro_f1_change": -0.0005,
        "largest_difference": 0.007,
        "bytes": 300,
    },
}
SEGMENT = {
    "window": "centred",
    "fs": 125,
    "before": 0.3,
    "after": 0.5,
    "rr_before": 41,
    "rr_after": 40,
    "rr_long": 600,
}


def recipe(protocol="inter_patient", source="physionet"):
    none, two = np.empty(0), np.array([0.1, 0.25])
    rules = InputRules("record", True, ("early", "width"), none, none, two, two)
    return Recipe("cnn", protocol, source, tuple("NSVFQ"), SEGMENT, rules)


def text(**knobs):
    counts = np.stack([np.diag([9, 1, 1, 0, 0]), np.diag([5, 0, 0, 0, 0])])
    counts[0, 0, 2] = 4
    records = records_table(np.array(["100", "200"]), counts)
    made = recipe(**knobs)
    return model_card(made, card(made.protocol, hits=0.7), AGREEMENT, records)


def test_it_tells_figures_weak_spots_files_and_limits():
    made = text()
    for words in (
        DISCLAIMER,
        "12,345 parameters",
        "95 % interval",
        "201 (training) and 202 (test)",
        "| `cnn.int8.onnx` | 300 | 99.980 % | -0.00050 |",
        "Not for",
    ):
        assert words in made
    rows = [line for line in made.splitlines() if line.startswith(("| 100", "| 200"))]
    assert rows[0].startswith("| 100 | 15 | 0.733")  # the worst first


def test_it_warns_of_the_flattering_protocol_and_of_synthetic_recordings():
    assert "do not hold for a new patient" in text(protocol="intra_patient")
    assert "Do not use it on real ECGs" in text(source="synthetic")


def test_it_works_without_records():
    made = recipe()
    assert "Weak spots" not in model_card(made, card(made.protocol, hits=0.7), AGREEMENT, None)


@pytest.mark.parametrize("source", ["physionet", "synthetic"])
def test_a_recipe_survives_its_file(source):
    made = recipe(source=source)
    again = Recipe.from_json(made.to_json())
    assert again.to_json() == made.to_json()
    assert again.rules.features == ("early", "width")
    assert again.rules.reference_beat is True
    np.testing.assert_array_equal(again.rules.feature_scale, [0.1, 0.25])
