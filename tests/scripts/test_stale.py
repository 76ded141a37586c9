import pandas as pd
import pytest

from arrhythmia.errors import DataError
from scripts.stale import refuse_other_ablation, refuse_other_baselines, refuse_other_seeds
from tests.cards import CV, baselines_of, card, make_cards


def test_metrics_outside_the_range_of_the_seeds_are_refused(seeds, cards):
    refuse_other_seeds(seeds, cards)
    newer = cards | {("inter_patient", "cnn"): card("inter_patient", hits=0.99)}
    with pytest.raises(
        DataError, match=r"^results/seeds\.csv: accuracy of metrics/inter_patient/cnn\.json is"
    ):
        refuse_other_seeds(seeds, newer)


def test_metrics_of_synthetic_recordings_are_refused(seeds):
    with pytest.raises(DataError, match=r"cnn\.json: source synthetic; run `git restore metrics`"):
        refuse_other_seeds(seeds, make_cards(source="synthetic"))


def test_baselines_of_other_metrics_are_refused(cards):
    refuse_other_baselines(baselines_of(cards), cards)
    message = r"^results/baselines\.csv: f1_V of intra_patient cnn is 0\.5, in metrics/intra_patient/cnn"
    with pytest.raises(DataError, match=message):
        refuse_other_baselines(baselines_of(cards, f1_V=0.5), cards)


def test_an_ablation_of_another_default_is_refused():
    refuse_other_ablation(pd.DataFrame([CV, CV | {"f1_S": 0.1}]), CV)
    with pytest.raises(DataError, match=r"^results/ablation\.csv: f1_S of the default is 0\.6, in metrics/"):
        refuse_other_ablation(pd.DataFrame([CV | {"f1_S": 0.6}]), CV)
