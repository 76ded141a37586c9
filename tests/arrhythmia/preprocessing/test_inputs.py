import json

import numpy as np
import pytest

from arrhythmia.features.table import beat_features
from arrhythmia.inference.model import Recipe
from arrhythmia.preprocessing.inputs import InputRules, fit_rules, model_inputs
from arrhythmia.utils.files import load_arrays, save_arrays

CASES = [("record", True, ["early", "width"]), ("standard", False, ["pause"]), ("beat", True, [])]


@pytest.fixture(params=CASES, ids=lambda case: case[0])
def rules(request, make_beats):
    method, reference_beat, features = request.param
    beats = make_beats(np.arange(12) % 5)
    knobs = {"method": method, "reference_beat": reference_beat, "features": features}
    made = fit_rules(beats, beat_features(beats), np.arange(8), **knobs)
    assert made.waveform_shift.size == (20 if method == "standard" else 0)
    assert made.feature_scale.shape == (len(features),)
    return made


def same(read, rules):
    assert (read.method, read.reference_beat, read.features) == (
        rules.method,
        rules.reference_beat,
        rules.features,
    )
    assert type(read.reference_beat) is bool
    for name in ("waveform_shift", "waveform_scale", "feature_shift", "feature_scale"):
        np.testing.assert_array_equal(getattr(read, name), getattr(rules, name))


def test_rules_go_through_a_file_unchanged(rules, tmp_path):
    save_arrays(tmp_path / "rules.npz", **rules.to_arrays())
    same(InputRules.from_arrays(load_arrays(tmp_path / "rules.npz")), rules)


def test_rules_go_through_a_recipe_unchanged(rules, make_beats):
    segment = {"window": "centred", "fs": 125}
    recipe = Recipe("cnn", "inter_patient", "physionet", tuple("NSVFQ"), segment, rules)
    text = recipe.to_json()
    read = Recipe.from_json(text)
    same(read.rules, rules)
    assert read.to_json() == text
    assert (read.model, read.protocol, read.source) == ("cnn", "inter_patient", "physionet")
    assert (read.classes, read.segment) == (tuple("NSVFQ"), segment)
    beats = make_beats(np.arange(12) % 5)
    table = beat_features(beats)
    before, after = (model_inputs(beats, table, x) for x in (rules, read.rules))
    for name in ("waveform", "features"):
        np.testing.assert_array_equal(after[name], before[name])
    assert json.loads(text)["inputs"]["method"] == rules.method
