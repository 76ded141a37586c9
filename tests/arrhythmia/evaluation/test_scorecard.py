import json

import numpy as np
import pytest

from arrhythmia.errors import DataError
from arrhythmia.evaluation.scorecard import mean_by_record, scorecard
from arrhythmia.protocols import PROTOCOLS, Protocol
from arrhythmia.scoring import metrics
from arrhythmia.scoring.summary import cv_metrics

HEADLINE = ["accuracy", "macro_f1", "macro_f1_nsv", "j_kappa", "f1_S", "f1_V"]


def predictions(beats=300, records=("100", "202", "232")):
    rng = np.random.default_rng(0)
    label = rng.integers(0, 5, beats)
    probability = rng.dirichlet(np.ones(5), beats)
    probability[np.arange(beats), label] += 0.4
    return label, probability / 1.4, np.array(records)[rng.integers(0, len(records), beats)]


def card_of(label, probability, record, protocol=PROTOCOLS["inter_patient"], **settings):
    given = {"source": "physionet", "parameters": 7, "seed": 0, "replicates": 200} | settings
    return scorecard(label, probability, record, protocol=protocol, **given)


def test_keys_and_their_order():
    card = card_of(*predictions())
    first = ["source", "convention", "macro_f1_classes", "parameters", "beats"]
    overall = ["accuracy", "macro_f1", "macro_f1_nsv", "j_kappa", "ece", "log_loss", "risk_coverage"]
    assert list(card) == [*first, *overall, "classes", "ec57", "ci95", "by_record", "without"]
    assert list(card["classes"]) == ["N", "S", "V", "F", "Q"]
    assert list(card["classes"]["N"]) == ["precision", "recall", "f1", "support"]
    assert {"sensitivity", "positive_predictivity", "false_positive_rate"} <= set(card["ec57"]["V"])
    assert list(card["ci95"]) == ["resampled", *HEADLINE]
    assert list(card["without"]) == ["202", "232"]
    assert list(card["without"]["202"]) == ["macro_f1", "macro_f1_nsv", "j_kappa", "f1_S", "f1_V"]


def test_it_is_json_with_five_decimals():
    card = card_of(*predictions())
    assert json.loads(json.dumps(card, allow_nan=False)) == card
    assert card["accuracy"] == round(card["accuracy"], 5)
    assert card["beats"] == 300
    assert isinstance(card["classes"]["S"]["support"], int)
    assert (card["source"], card["parameters"]) == ("physionet", 7)


def test_undefined_scores_are_none():
    label = np.zeros(4, int)
    card = card_of(label, np.eye(5)[label], np.full(4, "100"))
    assert card["classes"]["S"] == {"precision": None, "recall": None, "f1": 0.0, "support": 0}
    assert card["ec57"]["S"]["sensitivity"] is None
    assert card["accuracy"] == 1


def test_scores_lie_in_their_intervals():
    label, probability, record = predictions()
    for protocol in PROTOCOLS.values():
        card = card_of(label, probability, record, protocol)
        for key in ("accuracy", "macro_f1", "macro_f1_nsv", "j_kappa"):
            assert card["ci95"][key]["low"] <= card[key] <= card["ci95"][key]["high"]


def test_macro_f1_is_over_the_classes_of_the_protocol():
    data = predictions()
    f1 = {name: scores["f1"] for name, scores in card_of(*data)["classes"].items()}
    intra, inter = (
        card_of(*data, PROTOCOLS[name])["macro_f1"] for name in ("intra_patient", "inter_patient")
    )
    assert intra == pytest.approx(np.mean(list(f1.values())), abs=1e-5)
    assert inter == pytest.approx(np.mean([f1[name] for name in "NSVF"]), abs=1e-5)


def test_leaving_a_record_out_scores_the_others():
    label, probability, record = predictions()
    rest = record != "232"
    expected = card_of(label[rest], probability[rest], record[rest])
    without = card_of(label, probability, record)["without"]["232"]
    assert without["j_kappa"] == expected["j_kappa"]
    assert without["f1_S"] == expected["classes"]["S"]["f1"]


def test_records_that_are_not_there_are_not_left_out():
    assert "without" not in card_of(*predictions(records=("s01", "s02")))
    assert "without" not in card_of(*predictions(), PROTOCOLS["intra_patient"])


def test_resampling_records_and_beats_differ():
    label, probability, _ = predictions()
    record = np.where(probability.argmax(1) == label, "right", "wrong")
    protocol = Protocol("NSVF", False, "records", ())
    by_record = card_of(label, probability, record, protocol)["ci95"]["accuracy"]
    by_beat = card_of(label, probability, record, Protocol("NSVF", False, "beats", ()))["ci95"]["accuracy"]
    assert by_record == {"low": 0.0, "high": 1.0}
    assert 0.1 > by_beat["high"] - by_beat["low"] > 0.01


def test_the_seed_decides_the_intervals():
    data = predictions()
    assert card_of(*data) == card_of(*data)
    assert card_of(*data)["ci95"] != card_of(*data, seed=1)["ci95"]


def test_probabilities_that_are_not_numbers_are_refused():
    label, probability, record = predictions()
    probability[5, 2] = np.nan
    with pytest.raises(DataError, match=r"1 of 300 predictions are not numbers; .*train\.lr"):
        card_of(label, probability, record)


def test_card_agrees_with_the_scores_it_is_made_of():
    label, probability, record = predictions()
    counts = metrics.confusion(label, probability.argmax(1))
    card = card_of(label, probability, record)
    assert card["j_kappa"] == pytest.approx(float(metrics.j_kappa(counts)), abs=1e-5)
    assert card["log_loss"] == pytest.approx(metrics.log_loss(label, probability), abs=1e-5)


def test_the_error_of_the_rest_falls_as_the_least_certain_beats_are_left_to_a_human():
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.5, 1, 1000)
    right = rng.random(1000) < confidence
    probability = np.stack([confidence, 1 - confidence, *np.zeros((3, 1000))], axis=1)
    card = card_of(np.where(right, 0, 1), probability, np.full(1000, "100"))
    left = [card["risk_coverage"][f"error_rejecting_{percent}_percent"] for percent in (1, 5, 10, 20)]
    assert sorted(left, reverse=True) == left
    # The 990 most certain beats are kept, and the mistakes among them counted.
    kept = np.argsort(-confidence)[:990]
    assert left[0] == pytest.approx(1 - right[kept].mean(), abs=1e-5)


def test_the_card_of_a_training_agrees_with_that_of_a_test():
    label, probability, record = predictions()
    for protocol in PROTOCOLS.values():
        card = cv_metrics(label, probability, protocol=protocol, members=3, temperature=1.23456789)
        assert json.loads(json.dumps(card, allow_nan=False)) == card
        assert (card["beats"], card["ensemble_size"], card["temperature"]) == (300, 3, 1.23457)
        test = card_of(label, probability, record, protocol)
        for key in ("accuracy", "macro_f1", "macro_f1_nsv", "j_kappa", "ece", "log_loss"):
            assert card[key] == test[key]
        for name in "SV":
            assert card[f"f1_{name}"] == test["classes"][name]["f1"]


def test_mean_by_record_is_over_records_with_ten_such_beats_or_more():
    counts = np.zeros((3, 5, 5), int)
    counts[0, 1, 1], counts[0, 0, 0] = 10, 50  # all S found
    counts[1, 1, 0], counts[1, 1, 1] = 10, 10  # half of them
    counts[2, 1, 0], counts[2, 2, 2] = 9, 12  # too few S beats to count; all V found
    found = mean_by_record(counts, seed=0, replicates=200)
    assert found["S"]["f1"] == pytest.approx((1 + 2 / 3) / 2)
    assert (found["S"]["records"], found["V"]["records"]) == (2, 1)
    assert (found["S"]["low"], found["S"]["high"]) == pytest.approx((2 / 3, 1))
    assert found["V"] == {"f1": 1.0, "low": 1.0, "high": 1.0, "records": 1}


def test_without_such_records_there_is_no_mean():
    found = mean_by_record(np.zeros((2, 5, 5), int), seed=0, replicates=10)
    assert np.isnan([found["S"][key] for key in ("f1", "low", "high")]).all()
    assert found["S"]["records"] == 0
