import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

from arrhythmia.aami import DS1, DS2, PACED
from arrhythmia.evaluation import symbols
from arrhythmia.protocols import PROTOCOLS
from arrhythmia.report import tables as tables
from arrhythmia.report.report import (
    FIGURES,
    WIDE,
    Material,
    inputs_seen,
    normal_share,
    report,
    run_settings,
)
from arrhythmia.titles import MODEL_TITLES, protocol_name
from tests.cards import BOTH, make_cards

PARAMS = {
    "segment": {"window": "centred", "fs": 125},
    "normalize": {"method": "record", "template_channel": True, "features": ["pre_rr_local", "qrs_width"]},
    "train": {"lr": 0.002, "epochs": 8, "seed": 0},
    "fusion": {"weight": {"intra_patient": 0.0, "inter_patient": 0.5}},
}
SEEDS = pd.DataFrame(
    [["inter_patient", "cnn", "ece", 0.02, 0.001, 0.01, 0.03, "0 1 2", "abc1234"]],
    columns=["protocol", "model", "metric", "mean", "sd", "min", "max", "seeds", "commit"],
)
ABLATION = pd.DataFrame({"ingredient": ["committed default"], "f1_S": [0.8], "commit": ["abc1234"]})


def carriers(q_beats):
    rows = []
    for name, beats in (("S", 1837), ("V", 3221), ("F", 388), ("Q", q_beats)):
        row = {"class": name}
        for side in ("train", "test"):
            row |= {f"{side}_beats": beats, f"{side}_records": 7 if beats else 0}
            row |= {f"{side}_most": "213" if beats else "", f"{side}_share": 0.93 if beats else np.nan}
        rows.append(row)
    return pd.DataFrame(rows)


def make_material(protocols=BOTH, *, source="physionet", records=("100", "202", "232"), **settings):
    inter = "inter_patient" in protocols
    table = symbols.symbols_table(np.array(["N", "A"]), np.array([0, 1]), np.array([0, 0]))
    made = {
        "source": source,
        "params": PARAMS,
        "protocols": protocols,
        "cards": make_cards(protocols, source=source, records=records),
        "cross_validated": {},
        "alone": {},
        "strata": {"mean": {"f1_S": 0.7, "f1_V": 0.8, "log_loss": 0.1}},
        "sides": {p: pd.DataFrame([["train", 9]], columns=["side", "beats"]) for p in protocols},
        "carriers": carriers(7) if inter else None,
        "symbols": {"cnn": table, "rnn": table} if inter else {},
        "results": {},
        "pictures": {
            (p, model, figure): f"plots/{p}/{model}/figures/{figure}.png"
            for p in protocols
            for model in ("cnn", "rnn")
            for figure in FIGURES
        },
        "comparison": "plots/both.png",
    }
    return Material(**made | settings)


@pytest.fixture(scope="module")
def material():
    return make_material()


def headings(text, level=2):
    return re.findall(rf"^{'#' * level} (.*)$", text, flags=re.MULTILINE)


def test_report_has_both_protocols_and_the_gap(material):
    text = report(material)
    assert headings(text) == ["The gap", "intra-patient", "inter-patient"]
    assert "MIT-BIH Arrhythmia Database (Moody & Mark 2001)" in text.splitlines()[2]
    assert "(plots/both.png)" in text
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    for protocol in BOTH:
        assert tables.results_table(material.cards, {}, protocol) in text
        assert tables.sides_table(material.sides[protocol]) in text


def test_every_table_of_the_report_is_rectangular(material):
    text = report(dataclasses.replace(material, results={"seeds": SEEDS, "ablation": ABLATION}))
    blocks = re.findall(r"(?:^\|.*\|$\n?)+", text, flags=re.MULTILINE)
    # sides, results, classes, EC57, risk-coverage; for inter also carriers, left out, mean by record and
    # symbols; two of results
    assert len(blocks) == 2 * 5 + 4 + 2
    for block in blocks:
        assert len({line.count(" | ") for line in block.splitlines()}) == 1


def test_pictures_are_those_of_both_networks_and_strips_those_of_new_patients(material):
    pictures = re.findall(r'<img src="([^"]+)"', report(material))
    assert len(set(pictures)) == len(pictures) == 2 * (2 * len(FIGURES) - len(WIDE))
    assert "plots/inter_patient/rnn/figures/worst_records.png" in pictures
    assert "plots/inter_patient/cnn/figures/mistakes.png" in pictures
    assert "plots/intra_patient/cnn/figures/mistakes.png" not in pictures


def test_a_picture_that_was_not_made_is_not_shown(material):
    there = {key: path for key, path in material.pictures.items() if key[2] != "records"}
    text = report(dataclasses.replace(material, pictures=there))
    assert "records.png" not in text.replace("worst_records.png", "")
    assert not [heading for heading in headings(text, 3) if heading.startswith("Record by record")]


def test_gap_is_said_for_every_model(material):
    lines = [line for line in report(material).splitlines() if line.startswith("- ")]
    assert [line[2:].split(":")[0] for line in lines] == list(MODEL_TITLES.values())
    near, far = (material.cards[protocol, "cnn"]["macro_f1_nsv"] for protocol in BOTH)
    assert near > far
    assert f"from {near:.3f} to {far:.3f}" in lines[0]


def test_share_of_n(material):
    assert normal_share(material.cards) == 0.6


@pytest.mark.parametrize("protocol", BOTH)
def test_one_protocol_alone_has_no_gap(protocol):
    text = report(make_material([protocol]))
    assert headings(text) == [protocol.replace("_", "-")]
    assert ("Which annotation symbols" in text) == (protocol == "inter_patient")
    assert ("rest on few patients" in text) == (protocol == "inter_patient")


def test_results_of_more_than_one_run_say_how_they_were_made(material):
    text = report(dataclasses.replace(material, results={"seeds": SEEDS, "ablation": ABLATION}))
    assert headings(text)[1:3] == ["How much the seed matters", "What each ingredient brings"]
    made = "Made by `arrhythmia study seeds` of commit abc1234 on the real recordings"
    assert f"{made} with the committed parameters" in text
    assert "seeds: 0 1 2." in text
    assert tables.ablation_table(ABLATION) in text


def test_report_on_synthetic_recordings_says_so_and_shows_nothing_of_the_real_ones():
    of_synthetic = {"source": "synthetic", "records": ("s01", "s02"), "carriers": None}
    text = report(make_material(list(PROTOCOLS), **of_synthetic, results={"seeds": SEEDS}))
    assert headings(text)[-3:] == [protocol_name(protocol) for protocol in PROTOCOLS]
    assert "**Synthetic recordings: these figures say" in text.splitlines()[2]
    assert "The paced records (s15, s16) are left out" in text
    for known_only_of_the_real_ones in ("MIT-BIH", "DS1", "DS2", "published", "arrhythmia study"):
        assert known_only_of_the_real_ones not in text
    sentences = " ".join(line for line in text.splitlines() if not line.startswith("|"))
    assert not set(re.findall(r"\b\d+\b(?!%)", sentences)) & {*DS1, *DS2, *PACED, "48"}


def test_f_and_q_are_said_to_be_a_handful_of_patients(material):
    text = report(material)
    assert (
        "388 F beats in 7 records, 93% of them in 213, and 7 Q beats in 7 records, 93% of them in 213."
        in text
    )
    none = report(dataclasses.replace(material, carriers=carriers(0)))
    assert "93% of them in 213, and 0 Q beats in 0 records. Their" in none


def test_the_report_says_with_what_it_was_run():
    words = run_settings(PARAMS, BOTH)
    assert "`normalize` method record, template_channel yes, features pre_rr_local qrs_width" in words
    assert words.startswith("`segment` window centred; ")
    assert "; `train` lr 0.002" in words
    assert "seed 0" in words
    assert "\n" not in words
    normalize = {"method": "beat", "features": []}
    train = {"epochs": {"intra_patient": 12, "inter_patient": 6}}
    other = {**PARAMS, "normalize": normalize, "train": train}
    assert "features none" in run_settings(other, BOTH)
    assert "epochs 12 (intra-patient) and 6 (inter-patient)" in run_settings(other, BOTH)
    assert "`train` epochs 6 (inter-patient)" in run_settings(other, ["inter_patient"])


def test_the_report_says_where_the_networks_are_fused(material):
    text = report(material)
    assert "\nUnder inter-patient what the CNN and the RNN say of a beat is pooled" in text
    assert text.count("Size: parameters of all networks of a model, nodes") == 1
    assert text.count("Size: parameters of all networks of a model, but for those of the rhythm network") == 1
    alone = {**PARAMS, "fusion": {"weight": 0.0}}
    assert "is pooled" not in report(dataclasses.replace(material, params=alone))


def seen(**changed):
    plain = {"method": "standard", "template_channel": False, "features": []}
    return inputs_seen(plain | changed, BOTH)[0][1]


def test_what_is_seen_of_the_whole_recording():
    template = "its template beat (the median of the late ones)"
    assert seen() == {"intervals": False, "p_waves": False, "statistics": []}
    assert seen(**PARAMS["normalize"]) == {
        "intervals": True,
        "p_waves": False,
        "statistics": ["its median amplitude and polarity", "its median QRS width", template],
    }
    assert seen(template_channel=True)["statistics"] == [template]
    assert seen(features=["pre_rr_local"]) == {"intervals": True, "p_waves": False, "statistics": []}
    assert seen(features=["p_wave_correlation"]) == {
        "intervals": False,
        "p_waves": True,
        "statistics": [template],
    }


def test_the_report_says_what_is_seen_once_or_for_each_protocol(material):
    said = (
        "The networks see the beat, the intervals around it; and of the whole recording its median amplitude"
    )
    assert report(material).count(said) == 1
    features = dict(zip(BOTH, (["pre_rr_local"], []), strict=True))
    params = {**PARAMS, "normalize": PARAMS["normalize"] | {"features": features}}
    text = report(dataclasses.replace(material, params=params))
    assert f"intra-patient: {said}" in text
    assert "inter-patient: The networks see the beat; and of the whole recording" in text


def test_protocols_that_see_the_same_are_named_together():
    features = dict(zip(BOTH, (["pre_rr_local"], []), strict=True))
    found = inputs_seen(PARAMS["normalize"] | {"features": features}, [*BOTH, "all_patients"])
    assert [protocols for protocols, _ in found] == [("intra_patient",), ("inter_patient", "all_patients")]
