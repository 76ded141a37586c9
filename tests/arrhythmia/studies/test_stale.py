import pandas as pd
import pytest

from arrhythmia import paths
from arrhythmia.errors import DataError
from arrhythmia.studies.stale import other_ablation, other_baselines, other_seeds
from tests.cards import CV, baselines_of, card, make_cards


def test_metrics_outside_the_range_of_the_seeds_are_noticed(seeds, cards):
    assert other_seeds(seeds, cards) is None
    newer = cards | {("inter_patient", "cnn"): card("inter_patient", hits=0.99)}
    said = other_seeds(seeds, newer)
    assert said.startswith("experiments/results/seeds.csv: accuracy of metrics/inter_patient/cnn.json is")
    assert said.endswith("`arrhythmia study seeds` makes it anew")
    said = other_seeds(seeds, newer, paths.RHYTHM_SEEDS)
    assert said.startswith("experiments/results/rhythm_seeds.csv: accuracy of metrics/inter_patient/cnn.json")
    assert said.endswith("`arrhythmia study rhythm-seeds` makes it anew")


def test_metrics_of_synthetic_recordings_are_refused(seeds):
    with pytest.raises(DataError, match=r"cnn\.json: source synthetic; run `git restore metrics`"):
        other_seeds(seeds, make_cards(source="synthetic"))


def test_baselines_of_other_metrics_are_noticed(cards):
    assert other_baselines(baselines_of(cards), cards) is None
    said = other_baselines(baselines_of(cards, f1_V=0.5), cards)
    assert said.startswith(
        "experiments/results/baselines.csv: f1_V of intra_patient cnn is 0.5, in metrics/intra_patient/cnn"
    )


def test_an_ablation_of_another_default_is_noticed():
    assert other_ablation(pd.DataFrame([CV, CV | {"f1_S": 0.1}]), CV) is None
    said = other_ablation(pd.DataFrame([CV | {"f1_S": 0.6}]), CV)
    assert said.startswith("experiments/results/ablation.csv: f1_S of the default is 0.6, in metrics/")
