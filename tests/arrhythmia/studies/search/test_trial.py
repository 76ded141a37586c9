from pathlib import Path

import pytest
from optuna import TrialPruned
from optuna.trial import FixedTrial

from arrhythmia.params import changed, load_params
from arrhythmia.studies.search.trial import score

ROOT = Path(__file__).parents[4]


def test_values_that_do_not_fit_together_are_no_trial():
    params = changed(load_params(ROOT / "params.yaml"), {"cnn.filters": [8, 12, 16], "cnn.blocks": 2})
    plan = {"protocol": "inter_patient", "space": {"cnn.blocks": {"choices": [2, 3]}}}
    trial = FixedTrial({"cnn.blocks": 3})
    with pytest.raises(TrialPruned):
        score(trial, "cnn", plan, params, arrays={})
    said = (
        "its values: cnn.filters.inter_patient is [8, 12, 16]; use one number for all layers, or a list of 4"
    )
    assert trial.user_attrs["stopped"].startswith(said)
