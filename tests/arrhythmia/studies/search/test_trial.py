from pathlib import Path

import numpy as np
import optuna
import pytest
import yaml
from optuna import TrialPruned
from optuna.trial import FixedTrial, create_trial

from arrhythmia.params import changed, load_params
from arrhythmia.studies.search.results import config_text
from arrhythmia.studies.search.trial import build_members, score

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


@pytest.mark.slow
@pytest.mark.parametrize(("protocol", "members"), [("inter_patient", 2), ("all_patients", 4)])
def test_it_has_as_many_networks_as_the_pipeline_trains(keras, protocol, members):
    """Under all_patients one a fold, whatever `train.ensemble_size` says."""
    tiny = {"cnn.filters": 2, "cnn.blocks": 1, "cnn.dense": 2, "train.ensemble_size": 2}
    params = changed(load_params(ROOT / "params.yaml"), tiny)
    arrays = {"waveform": np.zeros((8, 24, 2)), "features": np.zeros((8, 3)), "fold": np.arange(8) % 4}
    assert len(build_members("cnn", protocol, params, arrays)) == members


@pytest.mark.parametrize("protocol", ["intra_patient", "inter_patient", "all_patients"])
def test_the_best_values_are_written_under_the_names_that_count(protocol):
    distribution = optuna.distributions.FloatDistribution(1e-4, 1e-2)
    study = optuna.create_study(direction="maximize")
    study.add_trial(
        create_trial(params={"train.lr": 0.003}, distributions={"train.lr": distribution}, value=0.9)
    )
    plan = {"protocol": protocol, "objective": "f1_S", "space": {"train.lr": {"low": 1e-4, "high": 1e-2}}}
    params = load_params(ROOT / "params.yaml")
    names = {"all_patients": "inter_patient"}  # which it follows
    config = yaml.safe_load(config_text(study, "cnn", plan, params))
    assert config == {"train": {"lr": {names.get(protocol, protocol): 0.003}}}
