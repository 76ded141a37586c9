import math

import numpy as np
import pandas as pd
import pytest

from arrhythmia.report.run_tables import (
    BASELINES_COLUMNS,
    baseline_row,
    headline_scores,
    seeds_table,
    updated,
)
from arrhythmia.report.tables import HEADLINE


def card(accuracy=0.9, f1_s=0.5):
    scores = dict.fromkeys(("macro_f1", "macro_f1_nsv", "j_kappa", "ece"), 0.25)
    classes = {"S": {"f1": f1_s}, "V": {"f1": 0.75}}
    return {"accuracy": accuracy, **scores, "classes": classes, "parameters": 1234}


def test_headline_takes_the_f1_of_s_and_v_out_of_the_classes():
    scores = headline_scores(card(f1_s=0.5))
    assert tuple(scores) == HEADLINE
    assert scores["f1_S"] == 0.5
    assert scores["f1_V"] == 0.75


def test_headline_of_an_undefined_score_is_not_zero():
    assert math.isnan(headline_scores(card(f1_s=None))["f1_S"])


def test_seeds_table_of_two_models():
    scores = {
        seed: {
            ("intra_patient", "cnn"): headline_scores(card(accuracy)),
            ("inter_patient", "rnn"): headline_scores(card(accuracy / 2)),
        }
        for seed, accuracy in {0: 0.9, 1: 0.8, 4: 0.4}.items()
    }
    table = seeds_table(scores, "abc1234")
    assert list(table) == ["protocol", "model", "metric", "mean", "sd", "min", "max", "seeds", "commit"]
    assert len(table) == 2 * len(HEADLINE)
    first = table.set_index(["protocol", "model", "metric"]).loc["intra_patient", "cnn", "accuracy"]
    assert first["mean"] == pytest.approx(0.7)
    assert first["sd"] == pytest.approx(np.std([0.9, 0.8, 0.4], ddof=1))
    assert (first["min"], first["max"], first["seeds"]) == (0.4, 0.9, "0 1 4")


def test_one_seed_has_no_spread():
    table = seeds_table({7: {("intra_patient", "cnn"): headline_scores(card())}}, "abc1234")
    assert table["sd"].isna().all()
    assert table["mean"].notna().all()


def test_a_score_undefined_for_one_seed_has_no_mean():
    scores = {seed: {("p", "m"): headline_scores(card(f1_s=f1))} for seed, f1 in {0: 0.5, 1: None}.items()}
    table = seeds_table(scores, "abc1234")
    row = table.set_index("metric").loc["f1_S"]
    assert row[["mean", "sd", "min", "max"]].isna().all()


def test_baseline_row_rounds_and_leaves_undefined_scores_empty():
    row = baseline_row(
        "kachuee", "residual CNN", "intra_patient", card(accuracy=0.1234567, f1_s=None), "abc1234"
    )
    assert row["accuracy"] == "0.12346"
    assert row["f1_S"] == ""
    assert row["parameters"] == "1234"
    assert set(row) == set(BASELINES_COLUMNS) - {"train_seconds", "seconds_to_0918"}


def test_updated_changes_only_the_cells_that_are_named():
    row = baseline_row("cnn", "ours", "intra_patient", card(), "abc1234")
    table = updated(pd.DataFrame(columns=list(BASELINES_COLUMNS)), [row], ["cnn"])
    timed = {"name": "cnn", "protocol": "intra_patient", "train_seconds": "55.5"}
    table = updated(table, [timed], ["cnn"])
    again = updated(table, [row | {"accuracy": "0.95000"}], ["cnn"])
    assert again.to_dict("records") == [
        row | {"accuracy": "0.95000", "train_seconds": "55.5", "seconds_to_0918": ""}
    ]


def test_updated_keeps_the_order_of_protocols_and_names():
    rows = [
        {"name": name, "protocol": protocol}
        for name in ("other", "cnn", "majority")
        for protocol in ("inter_patient", "intra_patient")
    ]
    table = updated(pd.DataFrame(columns=list(BASELINES_COLUMNS)), rows, ["majority", "cnn"])
    assert list(table) == list(BASELINES_COLUMNS)
    assert list(zip(table["protocol"], table["name"], strict=True)) == [
        (protocol, name)
        for protocol in ("intra_patient", "inter_patient")
        for name in ("majority", "cnn", "other")
    ]
