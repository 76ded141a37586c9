"""REPORT.md: what the metrics files say, in words, tables and figures."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from arrhythmia.protocols import MODELS, NETWORKS, protocol_name
from arrhythmia.report import tables as tables
from arrhythmia.report.tables import Cards
from arrhythmia.utils.markdown import number

PROTOCOLS = {
    "intra_patient": "The same patients are in train and test: comparable with most published notebooks, "
    "and optimistic by construction.",
    "inter_patient": "No recording of test was seen in training, so this is nearer to what new patients "
    "would get. The four paced records (102, 104, 107, 217) are left out, and with them nearly all Q beats.",
}

WRITTEN = "Written by the stage `report` from `metrics/`; do not edit."
SOURCES = {
    "physionet": f"MIT-BIH Arrhythmia Database (Moody & Mark 2001), single lead. {WRITTEN}",
    "kaggle": f"The two Kaggle CSV files, without patients. {WRITTEN}",
    "synthetic": "**Synthetic recordings: these figures say that the pipeline runs, and nothing about any "
    f"heart.** {WRITTEN}",
}

FIGURES = {
    "confusion": "Confusion matrices",
    "records": "Record by record",
    "worst_records": "Records with the most mistakes",
    "mistakes": "Most confident mistakes",
    "curves": "Precision-recall and ROC curves",
    "reliability": "Calibration",
    "risk_coverage": "Least certain beats left to a human",
    "training": "Training curves",
}
WIDE = ("worst_records", "mistakes")
"""Figures with strips of ECG, which need the whole width of the page."""


@dataclass(frozen=True)
class Material:
    """What the report is written from.

    Attributes:
        source: where the recordings come from.
        params: parameters of this run, by group.
        protocols: in the order of the sections.
        cards: metrics by protocol and model.
        cross_validated: scores of a cross-validation within the training side, where there are any.
        sides: `class_support.sides_table` of each protocol.
        carriers: `class_support.carriers_table` of the inter-patient protocol; None where it was not run.
        symbols: `arrhythmia.evaluation.symbols.symbols_table` of each network under the inter-patient
            protocol; empty where it was not run.
        results: tables of more than one run by name (`seeds`, `baselines`, `ablation`); those that exist.
        pictures: path of each picture that exists, by protocol, model and figure.
        comparison: path of the picture of both protocols.
    """

    source: str
    params: dict[str, Any]
    protocols: list[str]
    cards: Cards
    cross_validated: Cards
    sides: dict[str, pd.DataFrame]
    carriers: pd.DataFrame | None
    symbols: dict[str, pd.DataFrame]
    results: dict[str, pd.DataFrame]
    pictures: dict[tuple[str, str, str], str]
    comparison: str


def report(material: Material) -> str:
    """Return the text of REPORT.md."""
    parts = ["# Results", SOURCES[material.source], run_words(material.params, material.protocols)]
    parts.append(inputs_of_all(material.params["normalize"], material.protocols))
    if {"intra_patient", "inter_patient"} <= set(material.protocols):
        parts += gap_section(material)
    if material.source == "physionet":
        parts += results_sections(material.results)
    for protocol in material.protocols:
        parts += protocol_section(material, protocol)
    return "\n\n".join(parts) + "\n"


def run_words(params: dict[str, Any], protocols: list[str]) -> str:
    """Say in one line what was run: window, normalization and training, as in params.yaml.

    Args:
        params: by group; a value may differ by protocol, and is then a dict.
        protocols: those that were run.
    """
    groups = {"segment": {"window": params["segment"]["window"]}}
    train = {name: value for name, value in params["train"].items() if name != "loggers"}  # changes no score
    groups |= {"normalize": params["normalize"], "train": train}
    words = "; ".join(
        f"`{group}` " + ", ".join(_setting_words(name, value, protocols) for name, value in settings.items())
        for group, settings in groups.items()
    )
    return f"Run with {words}. Every score of the run is that of this one seed."


def _setting_words(name: str, value: Any, protocols: list[str]) -> str:
    if isinstance(value, dict):
        return f"{name} " + " and ".join(
            f"{_value_words(value[protocol])} ({protocol_name(protocol)})" for protocol in protocols
        )
    return f"{name} {_value_words(value)}"


def _value_words(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def inputs_of_all(normalize: dict[str, Any], protocols: list[str]) -> str:
    """Return `inputs_words`, once if the protocols have them alike, or for each protocol.

    Args:
        normalize: group of params.yaml; a value may differ by protocol, and is then a dict.
        protocols: those that were run.
    """
    words = {}
    for protocol in protocols:
        own = {key: x[protocol] if isinstance(x, dict) else x for key, x in normalize.items()}
        words[protocol] = inputs_words(own)
    if len(set(words.values())) == 1:
        return words[protocols[0]]
    return "\n\n".join(f"{protocol_name(protocol)}: {said}" for protocol, said in words.items())


def inputs_words(normalize: dict[str, Any]) -> str:
    """Say what the networks see of the recording besides the beat, so that no score is read as more.

    Args:
        normalize: `method`, `template_channel` and `features`.
    """
    statistics = []
    if normalize["method"] == "record":
        statistics.append("its median amplitude")
    if "qrs_width" in normalize["features"]:
        statistics.append("its median QRS width")
    if normalize["template_channel"] or normalize["features"]:
        statistics.append("its template beat (the median of the late ones)")
    words = "The networks see the beat"
    if normalize["features"]:
        words += ", the intervals around it"
    if "p_wave_correlation" in normalize["features"]:
        words += ", the P waves of the beats around it"
    if statistics:
        words += (
            f"; and of the whole recording {' and '.join(statistics)}, also where it is a test recording: "
            "these need no labels, but they do need the recording to the end"
        )
    return words + ". Beat positions are the database's. The forest sees the features only."


def gap_section(material: Material) -> list[str]:
    """Return the section on how much of the intra-patient scores is left on new patients."""
    cards = material.cards
    lines = []
    for model, title in MODELS.items():
        near, far = (cards[protocol, model] for protocol in ("intra_patient", "inter_patient"))
        steps = [("macro-F1 over N, S and V goes", near["macro_f1_nsv"], far["macro_f1_nsv"])]
        steps += [(f"F1 of {name}", *(card["classes"][name]["f1"] for card in (near, far))) for name in "SV"]
        steps += [("accuracy", near["accuracy"], far["accuracy"])]
        words = ", ".join(f"{what} from {number(start)} to {number(end)}" for what, start, end in steps)
        lines.append(f"- {title}: {words}.")
    return [
        "## The gap",
        f"![macro-F1 over N, S and V under both protocols]({material.comparison})",
        "The same kinds of model, each trained with the protocol's own settings (above), with the patients "
        "on both sides of the split and on one side only:",
        "\n".join(lines),
        f"Accuracy says little: who calls every beat N is right in {normal_share(cards):.0%} of the "
        "inter-patient test beats.",
    ]


def normal_share(cards: Cards) -> float:
    """Return the share of N among the inter-patient test beats, 0..1."""
    card = cards["inter_patient", "cnn"]
    return card["classes"]["N"]["support"] / card["beats"]


def results_sections(results: dict[str, pd.DataFrame]) -> list[str]:
    """Return the sections on more than this run: seeds, baselines and ablation, those there are."""

    def made(name: str) -> str:
        command = f"`arrhythmia study {name}` of {tables.commits(results[name])}"
        return f"Made by {command} on the real recordings with the committed parameters"

    parts = []
    if "seeds" in results:
        seeds = " ".join(dict.fromkeys(map(str, results["seeds"]["seeds"])))
        parts += [
            "## How much the seed matters",
            f"{made('seeds')}; seeds: {seeds}. Mean ± standard deviation (least–greatest).",
            tables.seeds_table(results["seeds"]),
        ]
    if "baselines" in results:
        parts += [
            "## Beside the literature",
            f"{made('baselines')} but for what each row names, on the same test beats (the Kaggle "
            "window lacks each record's last beats). Ours are averages over networks that together see all "
            "training beats, the others single networks that see four fifths of them. Seconds are those of "
            "one network on all training beats; s to 0.918: until macro-F1 passes 0.918 on the intra-patient "
            "test beats.",
            tables.baselines_table(results["baselines"]),
        ]
    if "ablation" in results:
        parts += [
            "## What each ingredient brings",
            f"{made('ablation')}. Cross-validated by patient within DS1: no test recording is in "
            "these figures, which are those of single networks from one seed. Much hangs on few records: "
            "differences below 0.03 in F1 of S mean little. The first row is the committed default.",
            tables.ablation_table(results["ablation"]),
        ]
    return parts


def protocol_section(material: Material, protocol: str) -> list[str]:
    """Return the section on one protocol."""
    cards = material.cards
    card = cards[protocol, "cnn"]
    name = protocol_name(protocol)
    parts = [f"## {name}", PROTOCOLS[protocol], tables.sides_table(material.sides[protocol])]
    if protocol == "inter_patient" and material.carriers is not None:
        parts += carriers_section(material.carriers)
    parts += [
        f"### Scores, {name}",
        tables.results_table(cards, material.cross_validated, protocol),
        f"In brackets: 95 % intervals, bootstrap over {card['ci95']['resampled']}. macro-F1 averages over "
        f"{' '.join(card['macro_f1_classes'])}. ECE: expected calibration error. Size: parameters of all "
        "networks of a model, nodes of the forest. jκ: κ/2 + j/8 (Mar 2011), at most 1, with κ over N S V F. "
        "Cross-validated figures are those of single networks on the folds they have not seen, one fold a "
        "network; the forest is fitted once a fold.",
        tables.classes_table(cards, protocol),
        f"EC57 beat-by-beat statistics, gross ({card['convention']}). F and Q beats classified as V do not "
        "count as false V, nor Q beats classified as S as false S, so +P may be higher than precision:",
        tables.ec57_table(cards, protocol),
    ]
    if left_out := tables.without_table(cards, protocol):
        parts += [
            "What hangs on single records: 202 is the same patient as 201 of the training records, and 232 "
            "holds most S beats.",
            left_out,
        ]
    if protocol == "inter_patient" and material.symbols:
        parts += [
            f"### Which annotation symbols go wrong, {name}",
            "Recall (bold: less than half), and what the others were classified as:",
            tables.symbols_table(material.symbols),
        ]
    parts += [
        f"### Least certain beats left to a human, {name}",
        "Share of wrong beats among those that the model keeps:",
        tables.risk_coverage_table(cards, protocol),
        picture_row(material.pictures, protocol, "risk_coverage"),
    ]
    for figure, title in FIGURES.items():
        # Strips of ECG say most about patients whom the model has never seen.
        if (protocol == "inter_patient" or figure not in WIDE) and figure != "risk_coverage":
            pictures = picture_row(material.pictures, protocol, figure)
            parts += [f"### {title}, {name}", pictures] if pictures else []
    return parts


def carriers_section(carriers: pd.DataFrame) -> list[str]:
    """Return who carries the rare classes, and what follows for the scores of F and Q."""
    held = carriers.set_index("class").loc[["F", "Q"]].to_dict("index")
    words = " and ".join(
        f"{line['test_beats']:,} {name} beats in {line['test_records']} records"
        + (f", {line['test_share']:.0%} of them in {line['test_most']}," if line["test_most"] else "")
        for name, line in held.items()
    )
    return [
        "The rare classes rest on few patients:",
        tables.carriers_table(carriers),
        f"F and Q are a handful of patients rather than classes: the test side has {words.rstrip(',')}. "
        "Their scores tell how these few fare; nobody should expect them elsewhere.",
    ]


def picture_row(pictures: dict[tuple[str, str, str], str], protocol: str, figure: str) -> str:
    """Return a figure of both networks: side by side, which GitHub shows at half the page each, or wide."""
    width = "100%" if figure in WIDE else "49%"
    return "\n".join(
        f'<img src="{pictures[protocol, model, figure]}" width="{width}" '
        f'alt="{FIGURES[figure]}, {MODELS[model]}, {protocol_name(protocol)}">'
        for model in NETWORKS
        if (protocol, model, figure) in pictures
    )
