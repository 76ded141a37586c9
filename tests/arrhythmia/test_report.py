import re

import numpy as np
import pytest

from arrhythmia.report import (
    MODELS,
    PROTOCOLS,
    SOURCES,
    classes_table,
    ec57_table,
    gap_words,
    inputs_words,
    markdown_table,
    normal_share,
    number,
    report,
    results_table,
    with_interval,
    without_table,
)
from arrhythmia.scorecard import RULES, scorecard

BOTH = ["intra_patient", "inter_patient"]
NORMALIZE = {"method": "record", "median_beat": True}
COUNTS = {protocol: markdown_table(["side", "beats"], [["train", "9"]]) for protocol in BOTH}


def card(protocol, *, hits, source="physionet", records=("100", "202", "232")):
    """Scores of a model that is right on the share `hits` of 300 beats."""
    rng = np.random.default_rng(0)
    label = np.tile([0, 0, 0, 0, 0, 0, 1, 2, 3, 4], 30)
    right = rng.random(300) < hits
    guess = np.where(right, label, (label + 1) % 5)
    probability = np.full((300, 5), 0.05)
    probability[np.arange(300), guess] = 0.8
    return scorecard(
        label,
        probability,
        np.repeat(records, 300 // len(records)),
        rules=RULES[protocol],
        source=source,
        parameters=12345,
        seed=0,
        replicates=20,
    )


def make_cards(protocols=BOTH, **knobs):
    hits = {"intra_patient": 0.95, "inter_patient": 0.7}
    return {
        (protocol, model): card(protocol, hits=hits[protocol], **knobs)
        for protocol in protocols
        for model in MODELS
    }


@pytest.fixture(scope="module")
def cards():
    return make_cards()


def tables_of(text):
    """Every Markdown table as a list of rows of cells."""
    blocks = re.findall(r"(?:^\|.*\|$\n?)+", text, flags=re.MULTILINE)
    return [[line.strip("|").split("|") for line in block.splitlines()] for block in blocks]


def test_markdown_table():
    table = markdown_table(["a", "b", "c"], [["x", "1", "2"], ["y", "3", "4"]])
    assert table == "| a | b | c |\n| :-- | --: | --: |\n| x | 1 | 2 |\n| y | 3 | 4 |"


@pytest.mark.parametrize(
    ("value", "digits", "expected"), [(0.12345, 3, "0.123"), (1, 4, "1.0000"), (0, 1, "0.0"), (None, 3, "–")]
)
def test_number(value, digits, expected):
    assert number(value, digits) == expected


def test_with_interval():
    made = {"ci95": {"x": {"low": 0.1, "high": 0.2}, "y": {"low": None, "high": None}}}
    assert with_interval(made, "x", 0.15) == "0.150 (0.100–0.200)"
    assert with_interval(made, "y", None) == "– (–––)"


def test_results_table_has_the_scores_of_every_model(cards):
    ((_, _, *rows),) = tables_of(results_table(cards, "inter_patient"))
    assert [row[0].strip() for row in rows] == list(MODELS.values())
    for row, model in zip(rows, MODELS, strict=True):
        made = cards["inter_patient", model]
        scores = [made["accuracy"], made["macro_f1"], made["macro_f1_nsv"]]
        scores += [made["classes"]["S"]["f1"], made["classes"]["V"]["f1"], made["j_kappa"], made["ece"]]
        assert [cell.split()[0] for cell in row[1:8]] == [f"{score:.3f}" for score in scores]
        assert row[8].strip() == "12,345"


def test_classes_table_has_a_row_a_class(cards):
    ((header, _, *rows),) = tables_of(classes_table(cards, "intra_patient"))
    assert [row[0].strip()[0] for row in rows] == list("NSVFQ")
    assert [row[1].strip() for row in rows] == ["180", "30", "30", "30", "30"]
    recall = cards["intra_patient", "rnn"]["classes"]["V"]["recall"]
    assert rows[2][[cell.strip() for cell in header].index("RNN recall")].strip() == f"{recall:.3f}"


def test_ec57_table_has_v_and_s(cards):
    ((header, _, *rows),) = tables_of(ec57_table(cards, "inter_patient"))
    assert [cell.strip() for cell in header[1:]] == ["V Se", "V +P", "V FPR", "S Se", "S +P", "S FPR"]
    rates = cards["inter_patient", "cnn"]["ec57"]
    assert rows[0][2].strip() == f"{rates['V']['positive_predictivity']:.4f}"
    assert rows[0][4].strip() == f"{rates['S']['sensitivity']:.4f}"


def test_without_table(cards):
    ((_, _, *rows),) = tables_of(without_table(cards, "inter_patient"))
    left_out = [(row[0].strip(), row[1].strip()) for row in rows]
    assert left_out == [(title, record) for title in MODELS.values() for record in ("202", "232")]
    assert without_table(cards, "intra_patient") == ""


def test_gap_is_said_for_every_model(cards):
    lines = gap_words(cards).splitlines()
    assert len(lines) == len(MODELS)
    near, far = (cards[protocol, "cnn"]["macro_f1_nsv"] for protocol in BOTH)
    assert near > far
    assert f"from {near:.3f} to {far:.3f}" in lines[0]


def test_share_of_n(cards):
    assert normal_share(cards) == 0.6


def test_report_has_both_protocols_and_the_gap(cards):
    text = report(cards, BOTH, COUNTS, True, NORMALIZE)
    headings = re.findall(r"^## (.*)$", text, flags=re.MULTILINE)
    assert headings == ["The gap", "intra-patient", "inter-patient"]
    assert SOURCES["physionet"] in text
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    for protocol in BOTH:
        assert PROTOCOLS[protocol][1:] in text
        assert results_table(cards, protocol) in text
        assert COUNTS[protocol] in text


def test_every_table_of_the_report_is_rectangular(cards):
    tables = tables_of(report(cards, BOTH, COUNTS, True, NORMALIZE))
    assert len(tables) == 2 * 4 + 1
    for table in tables:
        assert len({len(row) for row in table}) == 1


def test_pictures_are_those_of_both_networks(cards):
    pictures = re.findall(r'<img src="([^"]+)"', report(cards, BOTH, COUNTS, True, NORMALIZE))
    assert len(set(pictures)) == len(pictures) == 2 * 2 * 6
    assert "plots/inter_patient/rnn/pictures/records.png" in pictures


def test_no_figure_by_record_where_there_are_no_records(cards):
    assert "records.png" not in report(cards, BOTH, COUNTS, False, NORMALIZE)


@pytest.mark.parametrize("protocol", BOTH)
def test_one_protocol_alone_has_no_gap(protocol):
    text = report(make_cards([protocol]), [protocol], COUNTS, True, NORMALIZE)
    assert "gap" not in text
    assert f"## {protocol.replace('_', '-')}" in text


def test_report_on_synthetic_recordings_says_so():
    made = make_cards(source="synthetic", records=("s01", "s02"))
    text = report(made, BOTH, COUNTS, True, NORMALIZE)
    assert "**Synthetic recordings: these figures say" in text.splitlines()[2]
    for known_only_of_the_real_ones in ("MIT-BIH", "202", "232"):
        assert known_only_of_the_real_ones not in text


def test_the_report_says_what_is_seen_of_the_whole_recording():
    assert "its median amplitude and its median beat, also where" in inputs_words("record", True)
    assert "its median beat, also where" in inputs_words("standard", True)
    assert "whole recording" not in inputs_words("standard", False)
