import re

import numpy as np
import pandas as pd
import pytest

from arrhythmia.aami import labels_of
from arrhythmia.evaluation import symbols
from arrhythmia.protocols import MODELS
from arrhythmia.report import tables as tables
from arrhythmia.titles import MODEL_TITLES
from tests.cards import make_cards

INNER = {"accuracy": 0.9, "macro_f1": 0.8, "macro_f1_nsv": 0.7, "f1_S": 0.6, "f1_V": 0.5, "j_kappa": 0.4}
INNER |= {"ece": 0.3, "log_loss": 0.2, "temperature": 1.1}


@pytest.fixture(scope="module")
def cards():
    return make_cards()


def cells(table):
    """Rows of a Markdown table without the line below the header."""
    header, _, *rows = [[cell.strip() for cell in line[1:-1].split(" | ")] for line in table.splitlines()]
    assert {len(row) for row in rows} == {len(header)}
    return header, rows


def test_with_interval():
    made = {"ci95": {"x": {"low": 0.1, "high": 0.2}, "y": {"low": None, "high": None}}}
    assert tables.with_interval(made, "x", 0.15) == "0.150 (0.100–0.200)"
    assert tables.with_interval(made, "y", None) == "– (–––)"
    assert tables.with_interval(made, "z", 0.15) == "0.150"


def test_results_table_has_the_scores_of_every_model(cards):
    header, rows = cells(tables.results_table(cards, {}, "inter_patient"))
    assert [row[0] for row in rows] == list(MODEL_TITLES.values())
    assert header[-2:] == ["ECE", "size"]
    for row, model in zip(rows, MODELS, strict=True):
        made = cards["inter_patient", model]
        scores = [made["accuracy"], made["macro_f1"], made["macro_f1_nsv"]]
        scores += [made["classes"]["S"]["f1"], made["classes"]["V"]["f1"], made["j_kappa"], made["ece"]]
        assert [cell.split()[0] for cell in row[1:8]] == [f"{score:.3f}" for score in scores]
        assert row[8] == "12,345"


def test_cross_validated_scores_stand_under_the_models_own(cards):
    inner = {("inter_patient", "rnn"): INNER}
    _, rows = cells(tables.results_table(cards, inner, "inter_patient"))
    assert [row[0] for row in rows] == [
        "CNN",
        "RNN",
        "RNN, cross-validated on the training patients",
        "Forest",
    ]
    assert rows[2][1:] == ["0.900", "0.800", "0.700", "0.600", "0.500", "0.400", "0.300", ""]
    assert len(cells(tables.results_table(cards, inner, "intra_patient"))[1]) == 3


def test_classes_table_has_a_row_a_class(cards):
    header, rows = cells(tables.classes_table(cards, "intra_patient"))
    assert [row[0][0] for row in rows] == list("NSVFQ")
    assert [row[1] for row in rows] == ["180", "30", "30", "30", "30"]
    recall = cards["intra_patient", "rnn"]["classes"]["V"]["recall"]
    assert rows[2][header.index("RNN recall")] == f"{recall:.3f}"


def test_ec57_table_has_v_and_s(cards):
    header, rows = cells(tables.ec57_table(cards, "inter_patient"))
    assert header[1:] == ["V Se", "V +P", "V FPR", "S Se", "S +P", "S FPR"]
    rates = cards["inter_patient", "cnn"]["ec57"]
    assert rows[0][2] == f"{rates['V']['positive_predictivity']:.4f}"
    assert rows[0][4] == f"{rates['S']['sensitivity']:.4f}"


def test_without_table_compares_with_all_records(cards):
    _, rows = cells(tables.without_table(cards, "inter_patient"))
    left_out = [(row[0], row[1]) for row in rows]
    assert left_out == [
        (title, record) for title in MODEL_TITLES.values() for record in ("none", "202", "232")
    ]
    card = cards["inter_patient", "cnn"]
    assert rows[0][3] == f"{card['classes']['S']['f1']:.3f}"
    assert rows[2][3] == f"{card['without']['232']['f1_S']:.3f}"
    assert tables.without_table(cards, "intra_patient") == ""


def test_by_record_table_has_the_means_and_on_how_many_records_they_rest(cards):
    found = cards["inter_patient", "cnn"]["by_record"]["S"]
    row = tables.by_record_table(cards, "inter_patient").splitlines()[2]
    assert row.startswith(f"| CNN | {found['f1']:.3f} ({found['low']:.3f}–{found['high']:.3f}) | 3 | ")
    assert tables.by_record_table(cards, "intra_patient") == ""


def test_fusion_table_has_both_rows_of_each_network_that_is_fused():
    scores = {"f1_S": 0.7, "f1_V": 0.8, "macro_f1_nsv": 0.8, "ece": 0.01, "log_loss": 0.1}
    alone = {("intra_patient", "cnn"): scores, ("inter_patient", "cnn"): scores}
    fused = {
        ("intra_patient", "cnn"): scores | {"weight": 0},
        ("inter_patient", "cnn"): scores | {"f1_S": 0.85, "weight": 0.5},
    }
    rows = tables.fusion_table(alone, fused).splitlines()[2:]
    assert rows[0].startswith("| inter-patient | CNN | 0 | 0.700 | 0.800 |")
    assert rows[1].startswith("| inter-patient | CNN, fused | 0.50 | 0.850 | 0.800 |")
    assert len(rows) == 2
    assert tables.fusion_table({}, {}) == ""


def test_strata_table_has_a_row_a_stratum_and_a_dash_where_there_is_no_such_beat():
    strata = {"no_ectopy": {"f1_S": None, "f1_V": None, "log_loss": 0.003}}
    assert tables.strata_table(strata).splitlines()[2] == "| no ectopy | – | – | 0.003 |"


def test_risk_coverage_table_starts_with_the_error_of_all_beats(cards):
    _, rows = cells(tables.risk_coverage_table(cards, "inter_patient"))
    card = cards["inter_patient", "rnn"]
    assert rows[1][:2] == ["RNN", f"{1 - card['accuracy']:.2%}"]
    assert rows[1][-1] == f"{card['risk_coverage']['error_rejecting_20_percent']:.2%}"


def test_symbols_table_shows_the_worst_in_bold():
    symbol = np.array(list("NNNAAA/"))
    guesses = {"cnn": [0, 0, 1, 0, 2, 0, 4], "rnn": [0, 0, 0, 1, 1, 2, 4]}
    made = {
        model: symbols.symbols_table(symbol, labels_of(symbol), np.array(guess))
        for model, guess in guesses.items()
    }
    header, rows = cells(tables.symbols_table(made))
    assert header[4:] == ["CNN recall", "CNN mistakes", "RNN recall", "RNN mistakes"]
    assert [row[:4] for row in rows] == [
        ["`N`", "Normal beat", "N", "3"],
        ["`A`", "Atrial premature contraction", "S", "3"],
        ["`/`", "Paced beat", "Q", "1"],
    ]
    assert [row[4:] for row in rows] == [
        ["66.7%", "S 1", "100.0%", ""],
        ["**0.0%**", "N 2, V 1", "66.7%", "V 1"],
        ["100.0%", "", "100.0%", ""],
    ]


def test_sides_and_carriers():
    sides = pd.DataFrame([["train", 2, 70043, 5]], columns=["side", "records", "beats", "N"])
    assert cells(tables.sides_table(sides))[1] == [["train", "2", "70,043", "5"]]
    row = {"class": "S"}
    row |= {"train_beats": 944, "train_records": 16, "train_most": "209", "train_share": 0.41}
    row |= {"test_beats": 0, "test_records": 0, "test_most": "", "test_share": np.nan}
    header, rows = cells(tables.carriers_table(pd.DataFrame([row])))
    assert header[1:4] == ["training beats", "training records", "training most in"]
    assert rows == [["S", "944", "16", "209 (41%)", "0", "0", "–"]]


def test_seeds_table_has_a_row_a_protocol_and_model():
    columns = ["protocol", "model", "metric", "mean", "sd", "min", "max", "seeds"]
    rows = [["inter_patient", "cnn", "f1_S", 0.81234, 0.01, 0.8, 0.83, "0 1 2"]]
    rows += [["inter_patient", "cnn", "ece", 0.02, 0.001, 0.01, 0.03, "0 1 2"]]
    rows += [["inter_patient", "rnn", "ece", 0.03, 0.001, 0.01, 0.04, "0 1 2"]]
    header, body = cells(tables.seeds_table(pd.DataFrame(rows, columns=columns)))
    assert header == ["protocol", "model", "F1 of S", "ECE"]
    assert body[0][:3] == ["inter-patient", "CNN", "0.812 ± 0.010 (0.800–0.830)"]
    assert body[1] == ["inter-patient", "RNN", "–", "0.030 ± 0.001 (0.010–0.040)"]


def test_baselines_table_shows_a_dash_for_what_was_not_measured():
    row = {"name": "kachuee", "what": "residual CNN", "protocol": "intra_patient", **INNER}
    row |= {"parameters": 98000.0, "train_seconds": 230.4, "seconds_to_0918": np.nan}
    header, rows = cells(tables.baselines_table(pd.DataFrame([row])))
    assert rows[0][:4] == ["kachuee", "residual CNN", "intra-patient", "0.900"]
    assert rows[0][header.index("parameters") :] == ["98,000", "230", "–"]


def test_ablation_table_keeps_the_order():
    made = pd.DataFrame({"ingredient": ["committed default", "without it"], "f1_S": [0.8, 0.7]})
    header, rows = cells(tables.ablation_table(made))
    assert header == ["ingredient", "F1 of S"]
    assert rows == [["committed default", "0.800"], ["without it", "0.700"]]


def test_every_table_starts_as_markdown(cards):
    assert re.match(r"\| model \|.*\n\| :-- \| --:", tables.results_table(cards, {}, "intra_patient"))
