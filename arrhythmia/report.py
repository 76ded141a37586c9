"""REPORT.md: what the metrics files say, in words, tables and figures."""

from typing import Any

from arrhythmia.aami import CLASS_NAMES, CLASSES

Cards = dict[tuple[str, str], dict[str, Any]]
"""Metrics by protocol and model, as `arrhythmia.scorecard.scorecard` gives them."""

MODELS = {"cnn": "CNN", "rnn": "RNN", "forest": "Forest on RR and QRS width"}
PROTOCOLS = {
    "intra_patient": "the same patients are in train and test: comparable with most published notebooks, "
    "and optimistic by construction",
    "inter_patient": "no recording of test was seen in training, so this is nearer to what new patients "
    "would get",
}
FIGURES = {
    "confusion": "Confusion matrices",
    "records": "Record by record",
    "curves": "Precision-recall and ROC curves",
    "reliability": "Calibration",
    "mistakes": "Most confident mistakes",
    "training": "Training curves",
}


def markdown_table(header: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table with the first column to the left and the others to the right."""
    lines = [header, [":--"] + ["--:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def number(value: float | None, digits: int = 3) -> str:
    """Return `value` with `digits` decimals, or a dash where it is not defined."""
    return "–" if value is None else f"{value:.{digits}f}"


def with_interval(card: dict[str, Any], key: str, value: float | None) -> str:
    """Return `value` with the 95 % interval that the card holds under `key`."""
    interval = card["ci95"][key]
    return f"{number(value)} ({number(interval['low'])}–{number(interval['high'])})"


def results_table(cards: Cards, protocol: str) -> str:
    """Return the models' scores under `protocol`, one row a model."""
    header = ["model", "accuracy", "macro-F1", "macro-F1 of N S V", "F1 of S", "F1 of V", "jκ", "ECE", "size"]
    rows = []
    for model, title in MODELS.items():
        card = cards[protocol, model]
        f1 = {name: card["classes"][name]["f1"] for name in CLASSES}
        rows.append(
            [
                title,
                with_interval(card, "accuracy", card["accuracy"]),
                with_interval(card, "macro_f1", card["macro_f1"]),
                with_interval(card, "macro_f1_nsv", card["macro_f1_nsv"]),
                with_interval(card, "f1_S", f1["S"]),
                with_interval(card, "f1_V", f1["V"]),
                with_interval(card, "j_kappa", card["j_kappa"]),
                number(card["ece"]),
                f"{card['parameters']:,}",
            ]
        )
    return markdown_table(header, rows)


def classes_table(cards: Cards, protocol: str) -> str:
    """Return precision, recall and F1 of each class, one row a class."""
    header = ["class", "test beats"] + [
        f"{model.upper() if model != 'forest' else 'forest'} {score}"
        for model in MODELS
        for score in ("precision", "recall", "F1")
    ]
    rows = []
    for name in CLASSES:
        scores = [cards[protocol, model]["classes"][name] for model in MODELS]
        row = [f"{name} ({CLASS_NAMES[name]})", f"{scores[0]['support']:,}"]
        rows.append(row + [number(score[key]) for score in scores for key in ("precision", "recall", "f1")])
    return markdown_table(header, rows)


def ec57_table(cards: Cards, protocol: str) -> str:
    """Return the gross EC57 statistics of V and S, one row a model."""
    keys = {"sensitivity": "Se", "positive_predictivity": "+P", "false_positive_rate": "FPR"}
    header = ["model"] + [f"{name} {short}" for name in "VS" for short in keys.values()]
    rows = [
        [title] + [number(cards[protocol, model]["ec57"][name][key], 4) for name in "VS" for key in keys]
        for model, title in MODELS.items()
    ]
    return markdown_table(header, rows)


def without_table(cards: Cards, protocol: str) -> str:
    """Return the scores without single records, one row a model and record; empty where none is left out."""
    header = ["model", "left out", "macro-F1 of N S V", "F1 of S", "F1 of V", "jκ"]
    rows = []
    for model, title in MODELS.items():
        for record, scores in cards[protocol, model].get("without", {}).items():
            values = [scores[key] for key in ("macro_f1_nsv", "f1_S", "f1_V", "j_kappa")]
            rows.append([title, record, *map(number, values)])
    return markdown_table(header, rows) if rows else ""


def gap_words(cards: Cards) -> str:
    """Say in plain words how much of the intra-patient score is left on new patients."""
    lines = []
    for model, title in MODELS.items():
        near, far = (cards[protocol, model] for protocol in ("intra_patient", "inter_patient"))
        lines.append(
            f"- {title}: macro-F1 over N, S and V goes from {number(near['macro_f1_nsv'])} to "
            f"{number(far['macro_f1_nsv'])}; of S from {number(near['classes']['S']['f1'])} to "
            f"{number(far['classes']['S']['f1'])}, of V from {number(near['classes']['V']['f1'])} to "
            f"{number(far['classes']['V']['f1'])}; accuracy from {number(near['accuracy'])} to "
            f"{number(far['accuracy'])}."
        )
    return "\n".join(lines)


def normal_share(cards: Cards) -> float:
    """Return the share of N among the inter-patient test beats, 0..1."""
    card = cards["inter_patient", "cnn"]
    return card["classes"]["N"]["support"] / card["beats"]


def figure_grid(cards: Cards, protocol: str, figure: str) -> str:
    """Return a row of pictures, CNN beside RNN, that GitHub shows at half the page each."""
    pictures = [
        f'<img src="plots/{protocol}/{model}/pictures/{figure}.png" width="49%" '
        f'alt="{FIGURES[figure]}, {MODELS[model]}, {protocol}">'
        for model in ("cnn", "rnn")
    ]
    return "\n".join(pictures)


def protocol_section(cards: Cards, protocol: str, counts: str, recorded: bool) -> str:
    """Return the section on one protocol.

    Args:
        cards: all metrics.
        protocol: which one.
        counts: Markdown table of the beats of each side.
        recorded: whether the beats have records, so that there are figures by record.
    """
    card = cards[protocol, "cnn"]
    parts = [
        f"## {protocol.replace('_', '-')}\n\n{PROTOCOLS[protocol][0].upper()}{PROTOCOLS[protocol][1:]}.",
        counts,
        results_table(cards, protocol),
        f"In brackets: 95 % intervals, bootstrap over {card['ci95']['resampled']}. macro-F1 averages over "
        f"{' '.join(card['macro_f1_classes'])}. ECE: expected calibration error. Size: parameters of a "
        "network, nodes of the forest.",
        classes_table(cards, protocol),
        f"EC57 beat-by-beat statistics, gross ({card['convention']}):",
        ec57_table(cards, protocol),
    ]
    if left_out := without_table(cards, protocol):
        parts += [
            "What hangs on single records: 202 is the same patient as 201 of the training records, and 232 "
            "holds three quarters of the S beats.",
            left_out,
        ]
    for figure, title in FIGURES.items():
        if recorded or figure != "records":
            parts.append(
                f"### {title}, {protocol.replace('_', '-')}\n\n{figure_grid(cards, protocol, figure)}"
            )
    return "\n\n".join(parts)


def inputs_words(method: str, median_beat: bool) -> str:
    """Say what the networks see of the recording besides the beat, so that no score is read as more.

    Args:
        method: `normalize.method`.
        median_beat: `normalize.median_beat`.
    """
    statistics = [
        words
        for words, used in {
            "its median amplitude": method == "record",
            "its median beat": median_beat,
        }.items()
        if used
    ]
    words = "The networks see the beat, the intervals before it, and the interval to the next beat"
    if statistics:
        words += (
            f"; and of the whole recording {' and '.join(statistics)}, also where it is a test recording: "
            "these need no labels, but they do need the recording to the end"
        )
    return words + ". Beat positions are the database's."


def report(
    cards: Cards, protocols: list[str], counts: dict[str, str], recorded: bool, normalize: dict[str, Any]
) -> str:
    """Return the text of REPORT.md.

    Args:
        cards: metrics by protocol and model.
        protocols: in the order of the sections.
        counts: Markdown table of the beats of each side, by protocol.
        recorded: whether the beats have records.
        normalize: parameters of the stage `normalize`.
    """
    source = cards[protocols[0], "cnn"]["source"]
    parts = ["# Results", SOURCES[source], inputs_words(**normalize)]
    if {"intra_patient", "inter_patient"} <= set(protocols):
        parts += [
            "## The gap",
            "![macro-F1 over N, S and V under both protocols](plots/comparison.png)",
            "The same models on the same recordings, with the patients on both sides of the split and on one "
            "side only:",
            gap_words(cards),
            f"Accuracy says little: who calls every beat N is right in {normal_share(cards):.0%} of the "
            "inter-patient test beats.",
            "The inter-patient figures tell more of somebody new. The classes F and Q rest on a handful of "
            "patients there, and no score on them should be trusted.",
        ]
    parts += [protocol_section(cards, protocol, counts[protocol], recorded) for protocol in protocols]
    return "\n\n".join(parts) + "\n"


SOURCES = {
    "physionet": "MIT-BIH Arrhythmia Database (Moody & Mark 2001), single lead. Written by the stage "
    "`report` from `metrics/`; do not edit.",
    "kaggle": "The two Kaggle CSV files, without patients. Written by the stage `report` from `metrics/`; do "
    "not edit.",
    "synthetic": "**Synthetic recordings: these figures say that the pipeline runs, and nothing about any "
    "heart.** Written by the stage `report` from `metrics/`; do not edit.",
}
