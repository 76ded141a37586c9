import re

import numpy as np
import pytest
import wfdb

from arrhythmia.aami import DS1, DS2, PACED
from arrhythmia.evaluation.tables import records_table
from arrhythmia.export.model_card import model_card
from arrhythmia.inference.disclaimer import DISCLAIMER
from arrhythmia.inference.model import ModelConfig
from arrhythmia.preprocessing.inputs import Preprocessor
from arrhythmia.protocols import PROTOCOLS
from tests.cards import FUSION, SEGMENT, card

AGREEMENT = {
    "float32": {"equal_decisions": 1.0, "macro_f1_change": 0.0, "largest_difference": 0.0, "bytes": 892220},
    "int8": {
        "equal_decisions": 0.9998,
        "macro_f1_change": -0.0005,
        "largest_difference": 0.007,
        "bytes": 300,
    },
}


def config(
    protocol="inter_patient",
    source="physionet",
    window="centred",
    method="record",
    template_channel=True,
    features=("pre_rr_local", "qrs_width"),
    fusion=FUSION,
):
    none = np.empty(0)
    preprocessor = Preprocessor(method, template_channel, features, none, none)
    segment = SEGMENT | {"window": window}
    return ModelConfig("cnn", protocol, source, tuple("NSVFQ"), segment, preprocessor, fusion)


def text(members=5, **settings):
    counts = np.stack([np.diag([9, 1, 1, 0, 0]), np.diag([5, 0, 0, 0, 0])])
    counts[0, 0, 2] = 4
    records = records_table(np.array(["100", "200"]), counts)
    made = config(**settings)
    return model_card(made, card(made.protocol, hits=0.7), AGREEMENT, records, members=members)


def test_it_tells_figures_weak_spots_files_and_limits():
    made = text()
    for words in (
        DISCLAIMER,
        "12,345 parameters",
        "95 % interval",
        "201 (training) and 202 (test)",
        "| `cnn.int8.onnx` | 300 | 99.980 % | -0.00050 |",
        "Not for",
    ):
        assert words in made
    rows = [line for line in made.splitlines() if line.startswith(("| 100", "| 200"))]
    assert rows[0].startswith("| 100 | 15 | 0.733")  # the worst first


BOTH = ["centred", "kaggle"]
"""Every combination of source, window and protocol that stage export can be run on."""
RUNS = [("physionet", window, protocol) for window in BOTH for protocol in PROTOCOLS]
RUNS += [("synthetic", window, protocol) for window in BOTH for protocol in PROTOCOLS]
RUNS += [("kaggle", "kaggle", "intra_patient")]
TRUE_OF = {
    "48 recordings of half an hour from 47 patients": lambda source, window, protocol: source != "synthetic",
    "1975 to 1979": lambda source, window, protocol: source == "physionet",
    "Do not use it on real ECGs": lambda source, window, protocol: source == "synthetic",
    "For trying the software": lambda source, window, protocol: source == "synthetic",
    "They tell neither patients": lambda source, window, protocol: source == "kaggle",
    "0.3 s before to 0.5 s after the R peak at 125 Hz": lambda source, window, protocol: window == "centred",
    "a fifth of an interval past the next annotation": lambda source, window, protocol: window == "kaggle",
    "`arrhythmia predict` does not cut this window": lambda source, window, protocol: window == "kaggle",
    "One lead, near MLII": lambda source, window, protocol: source != "synthetic",
    "201 (training) and 202 (test)": lambda *run: run[0] == "physionet" and run[2] == "inter_patient",
    "102 104 107 217 are left out": lambda *run: run[0] == "physionet" and run[2] == "inter_patient",
    "s01 s03 s05": lambda *run: run[0] == "synthetic" and run[2] == "inter_patient",
    "the Kaggle test file": lambda *run: run[0] != "synthetic" and run[2] == "intra_patient",
    "do not hold for a new patient": lambda *run: run[0] != "synthetic" and run[2] == "intra_patient",
    "four paced recordings": lambda *run: run[0] != "synthetic" and run[2] == "intra_patient",
    "With detected beats: docs/predict.md": lambda *run: run == ("physionet", "centred", "inter_patient"),
}
"""When each of these words belongs on the card."""


@pytest.mark.parametrize("run", RUNS, ids="-".join)
def test_it_says_what_is_true_of_the_run_and_nothing_else(run):
    source, window, protocol = run
    made = text(source=source, window=window, protocol=protocol)
    said = {words: words in made for words in TRUE_OF}
    assert said == {words: true(*run) for words, true in TRUE_OF.items()}


@pytest.mark.parametrize(
    ("window", "protocol", "words"),
    [
        ("centred", "inter_patient", "Lead MLII. "),
        ("centred", "intra_patient", "Lead MLII, in 102 and 104 V5. "),
        ("kaggle", "inter_patient", "The first channel: MLII, in 114 V5. "),
        ("kaggle", "intra_patient", "The first channel: MLII, in 102, 104 and 114 V5. "),
    ],
)
def test_the_leads_are_those_of_the_recordings(mitdb, window, protocol, words):
    names = sorted([*DS1, *DS2, *(PACED if protocol == "intra_patient" else ())])
    leads = {name: wfdb.rdheader(str(mitdb / name)).sig_name for name in names}
    others = [name for name in names if (leads[name][0] if window == "kaggle" else "MLII") != "MLII"]
    others += [name for name in names if window == "centred" and "MLII" not in leads[name]]
    assert all(leads[name][0] == "V5" for name in others)
    assert re.findall("1[0-9]{2}", words) == others
    assert words in text(window=window, protocol=protocol)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "It looks at later beats and at the whole recording, so it does not work on a live signal."),
        ({"features": ("pre_post_rr_ratio",)}, "It looks at the next beat and at the whole recording, so"),
        (
            {"features": ("post_rr_local",), "method": "beat", "template_channel": False},
            "It looks at later beats, so",
        ),
        (
            {"features": ("pre_rr_ratio",), "method": "beat", "template_channel": False},
            "It looks at nothing after this window.",
        ),
        (
            {"features": ("qrs_area_ratio",), "method": "beat", "template_channel": False},
            "It looks at the whole recording, so",
        ),
        ({"features": (), "method": "beat", "template_channel": True}, "It looks at the whole recording, so"),
        (
            {"features": (), "method": "beat", "template_channel": False},
            "It looks at nothing after this window.",
        ),
        (
            {"features": (), "method": "beat", "template_channel": False, "window": "kaggle"},
            "It looks at the next beat, so",
        ),
    ],
)
def test_what_it_needs_to_see(settings, words):
    assert words in text(**settings, fusion={"weight": 0.0, "temperature": 1.0})


def test_scaling_and_second_channel_are_told():
    assert "scaled by `beat`; features of rhythm and shape: none." in text(
        method="beat", template_channel=False, features=()
    )
    assert "scaled by `record`; beside it the beat minus the template beat of its recording; " in text()


def test_figures_without_single_records_are_told():
    left = card("inter_patient", hits=0.7)["without"]["232"]
    said = f"Without record 232 F1 of S is {left['f1_S']:.3f}, of V {left['f1_V']:.3f}, and macro-F1"
    assert said in text(protocol="inter_patient")
    assert "Without record" not in text(protocol="intra_patient")


def test_one_network_is_no_average():
    assert "12,345 parameters (an average of 5 networks" in text()
    assert "12,345 parameters that gives" in text(members=1)


def test_fused_with_the_rhythm_network_it_needs_what_that_one_reads():
    bare = {"features": (), "method": "beat", "template_channel": False}
    assert "It looks at later beats and at the whole recording, so" in text(**bare)


@pytest.mark.parametrize("source", ["physionet", "synthetic"])
def test_a_config_survives_its_file(source):
    made = config(source=source)
    again = ModelConfig.from_json(made.to_json())
    assert again.to_json() == made.to_json()
    assert again.preprocessor.features == ("pre_rr_local", "qrs_width")
    assert again.preprocessor.template_channel is True
    assert again.fusion == FUSION
