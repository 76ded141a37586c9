import json

import numpy as np
import pytest

from arrhythmia.features.table import beat_features
from arrhythmia.inference.model import ModelConfig
from arrhythmia.preprocessing.inputs import Preprocessor, fit_preprocessor, model_inputs
from arrhythmia.utils.files import load_arrays, save_arrays
from tests.cards import FUSION

CASES = [
    ("record", True, ["pre_rr_local", "qrs_width"]),
    ("standard", False, ["pre_post_rr_ratio"]),
    ("beat", True, []),
]


@pytest.fixture(params=CASES, ids=lambda case: case[0])
def preprocessor(request, make_beats):
    method, template_channel, features = request.param
    beats = make_beats(np.arange(12) % 5)
    settings = {"method": method, "template_channel": template_channel, "features": features}
    made = fit_preprocessor(beats, np.arange(8), **settings)
    assert made.waveform_shift.size == (20 if method == "standard" else 0)
    return made


def same(read, preprocessor):
    assert (read.method, read.template_channel, read.features) == (
        preprocessor.method,
        preprocessor.template_channel,
        preprocessor.features,
    )
    assert type(read.template_channel) is bool
    for name in ("waveform_shift", "waveform_scale"):
        np.testing.assert_array_equal(getattr(read, name), getattr(preprocessor, name))


def test_a_preprocessor_goes_through_a_file_unchanged(preprocessor, tmp_path):
    save_arrays(tmp_path / "preprocessor.npz", **preprocessor.to_arrays())
    same(Preprocessor.from_arrays(load_arrays(tmp_path / "preprocessor.npz")), preprocessor)


def test_a_preprocessor_goes_through_a_model_config_unchanged(preprocessor, make_beats):
    segment = {"window": "centred", "fs": 125}
    config = ModelConfig("cnn", "inter_patient", "physionet", tuple("NSVFQ"), segment, preprocessor, FUSION)
    text = config.to_json()
    read = ModelConfig.from_json(text)
    same(read.preprocessor, preprocessor)
    assert read.to_json() == text
    assert (read.model, read.protocol, read.source) == ("cnn", "inter_patient", "physionet")
    assert (read.classes, read.segment, read.fusion) == (tuple("NSVFQ"), segment, FUSION)
    beats = make_beats(np.arange(12) % 5)
    table = beat_features(beats)
    before, after = (model_inputs(beats, table, x) for x in (preprocessor, read.preprocessor))
    for name in ("waveform", "features"):
        np.testing.assert_array_equal(after[name], before[name])
    assert json.loads(text)["inputs"]["method"] == preprocessor.method
