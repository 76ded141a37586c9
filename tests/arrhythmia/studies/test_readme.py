import json

import pandas as pd
import pytest

from arrhythmia.errors import DataError
from arrhythmia.protocols import MODELS
from arrhythmia.studies import readme
from arrhythmia.studies.readme import (
    results_part,
    stages_part,
    with_part,
)
from tests.cards import CV, baselines_of

GRAPH = """flowchart TD
\tnode1["split@inter_patient"]
\tnode2["split@intra_patient"]
\tnode3["train@inter_patient-cnn"]
\tnode4["segment"]
\tnode5["rest@inter_patient"]
\tnode4-->node1
\tnode4-->node2
\tnode1-->node3
\tnode4-->node3
\tnode1-->node5
"""


def majority(accuracy=0.8):
    scores = {"accuracy": accuracy, "macro_f1": 0.2, "macro_f1_nsv": 0.3, "f1_S": 0.0, "f1_V": 0.0}
    return pd.DataFrame(
        {"name": "majority", "protocol": protocol} | scores for protocol in ("intra_patient", "inter_patient")
    )


def table_of(part):
    lines = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("|")]
    return lines[0], lines[2:]


def test_each_model_has_both_protocols_and_the_gap_between_their_means(seeds, cards):
    header, rows = table_of(results_part(seeds, seeds, majority(), cards))
    assert header[2:] == ["accuracy", "macro-F1", "macro-F1 of N S V", "F1 of S", "F1 of V"]
    assert len(rows) == 4 * len(MODELS) + 2
    means = seeds.set_index(["model", "protocol", "metric"])["mean"]
    near, far = (means["rnn", protocol, "f1_S"] for protocol in ("intra_patient", "inter_patient"))
    start = [row[0] for row in rows].index("RNN")
    assert rows[start][5].startswith(f"{near:.3f} ± 0.")
    assert rows[start + 2][-2] == f"**−{near - far:.3f}**"


def test_macro_f1_has_no_gap_because_the_classes_differ(seeds, cards):
    _, rows = table_of(results_part(seeds, seeds, majority(), cards))
    assert [row[-4] for row in rows if "gap" in row[1] or "gap" in row[0]] == ["–"] * len(MODELS)


def test_the_majority_is_one_run_without_a_deviation(seeds, cards):
    _, rows = table_of(results_part(seeds, seeds, majority(0.825), cards))
    assert rows[-2] == ["always N", "intra-patient", "0.825", "0.200", "0.300", "0.000", "0.000"]


def test_the_intervals_of_the_patients_are_named(seeds, cards):
    said = results_part(seeds, seeds, majority(), cards)
    ends = cards["inter_patient", "cnn"]["ci95"]["f1_S"]
    assert f"{ends['low']:.3f} to {ends['high']:.3f}" in said
    assert "of 2 seeds" in said
    assert "With other seeds of it F1 of S and V of the CNN on new patients are " in said


def test_what_is_left_without_the_record_with_most_s_beats_is_said(seeds, cards):
    left = cards["inter_patient", "rnn"]["without"]["232"]["f1_S"]
    assert f"one record, 232. Without it F1 of S is: CNN {left:.3f}, RNN {left:.3f}, " in results_part(
        seeds, seeds, majority(), cards
    )


def test_a_stage_is_one_node_and_has_only_the_arrows_it_needs():
    lines = stages_part(GRAPH).splitlines()
    assert lines[2:-1] == ["    segment --> split", "    split --> rest & train"]


def test_a_part_takes_the_place_of_the_old_one():
    text = "a\n<!-- results, by x -->\n\nold \\1\n\n<!-- end of results -->\nb"
    new = with_part(text, "results", r"\1 new")
    assert new == "a\n<!-- results, by x -->\n\n\\1 new\n\n<!-- end of results -->\nb"
    assert with_part(new, "results", r"\1 new") == new


@pytest.mark.parametrize(
    "text", ["", "<!-- results -->\nx", 2 * "<!-- results -->\n\n<!-- end of results -->\n"]
)
def test_a_page_without_one_place_for_the_part_is_refused(text):
    with pytest.raises(DataError, match=r"README\.md: needs one pair of <!-- results -->"):
        with_part(text, "results", "x")


def test_the_command_writes_the_page(repository, seeds, cards, monkeypatch):
    for (protocol, model), values in cards.items():
        (repository / "metrics" / protocol / f"{model}.json").write_text(json.dumps(values))
    (repository / "experiments/results").mkdir(parents=True)
    for name in ("seeds", "rhythm_seeds"):
        seeds.to_csv(f"experiments/results/{name}.csv", index=False)
    pd.concat([majority(), baselines_of(cards)]).to_csv("experiments/results/baselines.csv", index=False)
    pd.DataFrame([CV]).to_csv("experiments/results/ablation.csv", index=False)
    (repository / "metrics/inter_patient/cnn_fused_cv.json").write_text(json.dumps(CV))
    page = "".join(f"<!-- {name} -->\n\n<!-- end of {name} -->\n" for name in ("results", "stages"))
    (repository / "README.md").write_text(page)
    monkeypatch.setattr(readme, "dvc_output", lambda words: GRAPH)
    readme.main([])
    said = (repository / "README.md").read_text()
    assert "| CNN | intra-patient |" in said
    assert "segment --> split" in said
