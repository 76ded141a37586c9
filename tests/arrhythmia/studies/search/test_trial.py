from pathlib import Path

import pytest
from optuna.trial import FixedTrial

from arrhythmia.errors import DataError
from arrhythmia.params import changed, load_params
from arrhythmia.studies.search.trial import score

ROOT = Path(__file__).parents[4]


def test_values_that_do_not_fit_together_are_named_before_anything_is_trained():
    params = changed(load_params(ROOT / "params.yaml"), {"cnn.filters": [8, 12, 16], "cnn.blocks": 2})
    plan = {"protocol": "inter_patient", "space": {"cnn.blocks": {"choices": [2, 3]}}}
    said = r"^trial 5: cnn\.filters\.inter_patient is \[8, 12, 16\]; use one number .*, or a list of 4"
    with pytest.raises(DataError, match=said):
        score(FixedTrial({"cnn.blocks": 3}, number=5), "cnn", plan, params, arrays={})
