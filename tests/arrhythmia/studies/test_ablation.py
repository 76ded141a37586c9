"""Tests of the table of ingredients."""

from pathlib import Path

import pandas as pd
import pytest

from arrhythmia import paths
from arrhythmia.features.table import FEATURES
from arrhythmia.params import changed, load_params
from arrhythmia.studies import ablation

ROOT = Path(__file__).parents[3]


@pytest.fixture
def ran(tmp_path, monkeypatch):
    """Stand in for DVC: each experiment's F1 of S is its place in the order of the runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ablation, "refuse_changes", lambda: None)
    runs = []

    def run_experiment(name, changes, targets):
        runs.append((name, changes, targets))
        return str(len(runs))

    def read_json(commit, path):
        model = runs[-1][0].split("-")[1]
        assert (commit, path) == (str(len(runs)), Path(f"metrics/inter_patient/{model}_fused_cv.json"))
        return dict.fromkeys(ablation.ABLATION_SCORES, 0.5) | {"f1_S": len(runs) / 10}

    monkeypatch.setattr(ablation, "run_experiment", run_experiment)
    monkeypatch.setattr(ablation, "read_json", read_json)
    monkeypatch.setattr(ablation, "last_commit", lambda: "abc1234")
    return runs


def test_every_ingredient_gets_a_row_and_no_test_record_is_scored(ran):
    ablation.main([])
    table = pd.read_csv(paths.ABLATION)
    assert table["f1_S"].tolist() == [(i + 1) / 10 for i in range(len(ablation.INGREDIENTS))]
    assert table["ingredient"][0] == "CNN, the committed default"
    assert all(targets == ["calibrate@inter_patient-cnn"] for _, _, targets in ran)


def test_the_rows_of_the_other_network_stay(ran):
    ablation.main([])
    ablation.main(["rnn"])
    ablation.main([])
    names = pd.read_csv(paths.ABLATION)["ingredient"].str[:3]
    assert names.tolist() == ["CNN"] * len(ablation.INGREDIENTS) + ["RNN"] * len(ablation.INGREDIENTS)


@pytest.mark.parametrize("name", list(ablation.INGREDIENTS)[1:])
def test_an_ingredient_changes_parameters_that_exist(name):
    params = load_params(ROOT / "params.yaml")
    _, changes = ablation.INGREDIENTS[name]
    assert changed(params, changes) != params
    names = ("fusion.weight", "normalize.features", "train.template_mixing")
    assert set(changes) <= {f"{name}.inter_patient" for name in names}
    assert set(changes.get("normalize.features.inter_patient", [])) <= set(FEATURES)


def test_what_is_taken_out_is_what_the_words_say():
    default = load_params(ROOT / "params.yaml")["normalize"]["features"]["inter_patient"]
    assert list(ablation.DEFAULT) == default
    taken = {}
    for words, changes in ablation.INGREDIENTS.values():
        left = changes.get("normalize.features.inter_patient", default)
        assert left == [name for name in FEATURES if name in left]
        taken[words] = {name for name in FEATURES if (name in left) != (name in default)}
    assert taken == {
        "the committed default": set(),
        "without the rhythm network": set(),
        "the rhythm network alone, but for F": set(),
        "without features": set(default),
        "without rr_irregularity": {"rr_irregularity"},
        "without p_wave_correlation": {"p_wave_correlation"},
        "without rr_irregularity and p_wave_correlation": {"rr_irregularity", "p_wave_correlation"},
        "without pre_rr_global": {"pre_rr_global"},
        "without pre_post_rr_ratio and pre_rr_ratio": {"pre_post_rr_ratio", "pre_rr_ratio"},
        "without pre_rr_local and post_rr_local": {"pre_rr_local", "post_rr_local"},
        "with the shape features too: all eleven": {
            "qrs_width",
            "qrs_correlation",
            "qrs_rmse",
            "qrs_area_ratio",
        },
        "without augmentation (other patients' templates, polarity, gain)": set(),
    }
