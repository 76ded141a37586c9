"""Scores by stratum of simulated patients."""

import numpy as np
import pytest

from arrhythmia.scoring.strata import strata_scores


def test_strata_their_mean_and_the_worst():
    label = np.array([0] * 20 + [1] * 20 + [2] * 20)
    label = np.concatenate([label, label])
    guess = label.copy()
    guess[20:30] = 0  # half of the first stratum's S beats
    probability = np.full((120, 5), 0.025)
    probability[np.arange(120), guess] = 0.9
    scores = strata_scores(label, probability, np.repeat(["one", "other"], 60))
    assert list(scores) == ["one", "other", "mean", "worst"]
    assert scores["one"]["f1_S"] == pytest.approx(20 / 30, abs=1e-5)
    assert scores["other"]["f1_S"] == scores["other"]["f1_V"] == 1
    assert scores["mean"]["f1_S"] == pytest.approx((20 / 30 + 1) / 2, abs=1e-5)
    assert scores["worst"]["f1_S"] == scores["one"]["f1_S"]
    assert scores["worst"]["log_loss"] == scores["one"]["log_loss"] > scores["other"]["log_loss"]


def test_a_class_with_hardly_a_beat_has_no_score_and_false_detections_do_not_count():
    label = np.array([0] * 30 + [1] * 9 + [2] * 10 + [4] * 5)
    probability = np.eye(5)[label]
    probability[-5:] = [0, 0.6, 0, 0, 0.4]  # a false detection, called S
    probability[0] = [0.3, 0.1, 0, 0, 0.6]  # a beat, called a false detection: N is next
    scores = strata_scores(label, probability, np.full(len(label), "a"))
    assert scores["a"]["f1_S"] is None
    assert scores["a"]["f1_V"] == 1
    assert scores["a"]["log_loss"] == pytest.approx(-np.log(0.75) / 49, abs=1e-5)
