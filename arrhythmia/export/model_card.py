"""The card beside an ONNX network: what it was made of, what it does, where it fails (Mitchell 2019).

M. Mitchell et al., "Model cards for model reporting", FAT* 2019, arXiv:1810.03993.
"""

from typing import Any

import pandas as pd

from arrhythmia.aami import CLASS_NAMES, CLASSES
from arrhythmia.export.card_words import input_words, sight_words, training_words, use_words
from arrhythmia.inference.model import DISCLAIMER, ModelConfig
from arrhythmia.protocols import MODELS, protocol_name
from arrhythmia.utils.markdown import markdown_table, number

HEADLINE = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "macro_f1_nsv": "macro-F1 over N, S, V",
    "j_kappa": "jκ",
}
MEASURED = ("physionet", "centred", "inter_patient")
"""Source, window and protocol of the networks whose figures with detected beats are in docs/predict.md."""

WEAK = 8
"""Records in the table of weak spots."""


def model_card(
    config: ModelConfig,
    scores: dict[str, Any],
    agreement: dict[str, dict[str, float]],
    records: pd.DataFrame | None,
    *,
    members: int,
) -> str:
    """Return the card in Markdown.

    Args:
        config: of the ONNX network.
        scores: its metrics file, from `scorecard.scorecard`.
        agreement: by precision: `equal_decisions`, `macro_f1_change`, `largest_difference`, `bytes`.
        records: from `scorecard.records_table`, or None where beats have no record.
        members: networks that it averages.
    """
    title = f"# {MODELS[config.model]}, {protocol_name(config.protocol)}"
    parts = [
        title,
        f"{DISCLAIMER} Made by stage `export`; do not edit.",
        *_what(config, scores, members),
        "## Training data and protocol",
        training_words(config),
        *_figures(config, scores),
        *_weak_spots(records),
        *_files(config, agreement),
        *_use(config),
    ]
    return "\n\n".join(parts) + "\n"


def _what(config: ModelConfig, scores: dict[str, Any], members: int) -> list[str]:
    classes = ", ".join(f"{name} ({CLASS_NAMES[name]})" for name in config.classes)
    average = f" (an average of {members} networks trained on different folds)" if members > 1 else ""
    return [
        "## What it is",
        f"A network of {scores['parameters']:,} parameters{average} that gives each heartbeat of a "
        f"single-lead ECG five calibrated probabilities: {classes}.",
        f"{input_words(config)} {sight_words(config)}",
    ]


def _figures(config: ModelConfig, scores: dict[str, Any]) -> list[str]:
    intervals = scores["ci95"]
    rows = []
    for key, name in HEADLINE.items():
        ends = intervals[key]
        span = f"{number(ends['low'])} to {number(ends['high'])}"
        rows.append([name, number(scores[key]), span])
    classes = [
        [
            name,
            *(number(scores["classes"][name][key]) for key in ("recall", "precision", "f1")),
            number(scores["classes"][name]["support"], 0),
        ]
        for name in CLASSES
    ]
    kind = (config.source, config.segment["window"], config.protocol)
    detected = " With detected beats: docs/predict.md." if kind == MEASURED else ""
    return [
        "## Figures",
        f"On {scores['beats']:,} test beats at annotated positions; 95 % intervals by bootstrap over "
        f"{intervals['resampled']}.{detected}",
        markdown_table(["score", "value", "95 % interval"], rows),
        markdown_table(["class", "sensitivity", "positive predictivity", "F1", "beats"], classes),
        *_without(scores.get("without", {})),
    ]


def _without(scores: dict[str, dict[str, float]]) -> list[str]:
    """Say what is left of the figures without single records on which much of them rests."""
    return [
        f"Without record {record} F1 of S is {number(left['f1_S'])}, of V {number(left['f1_V'])}, and "
        f"macro-F1 over N, S, V {number(left['macro_f1_nsv'])}."
        for record, left in scores.items()
    ]


def _weak_spots(records: pd.DataFrame | None) -> list[str]:
    if records is None:
        return []
    worst = records.sort_values(["accuracy", "record"], kind="stable").head(WEAK)
    rows = [
        [row.record, f"{row.beats:,}", number(row.accuracy), number(row.S_f1), number(row.V_f1)]
        for row in worst.itertuples()
    ]
    table = markdown_table(["record", "beats", "accuracy", "F1 of S", "F1 of V"], rows)
    return [
        "## Weak spots",
        "The recordings with the lowest accuracy on their test beats; a dash: no such beats.",
        table,
    ]


def _files(config: ModelConfig, agreement: dict[str, dict[str, float]]) -> list[str]:
    rows = [
        [
            f"`{config.model}{suffix}`",
            f"{agreement[precision]['bytes']:,}",
            f"{100 * agreement[precision]['equal_decisions']:.3f} %",
            f"{agreement[precision]['macro_f1_change']:+.5f}",
        ]
        for precision, suffix in (("float32", ".onnx"), ("int8", ".int8.onnx"))
    ]
    return [
        "## Files",
        "Beside the Keras model they were exported from, on the test beats:",
        markdown_table(["file", "bytes", "equal decisions", "change in macro-F1"], rows),
        f"`{config.model}.json` is the config of the inputs. In the int8 file the larger kernels are 8-bit "
        "integers.",
    ]


def _use(config: ModelConfig) -> list[str]:
    use, *limits = use_words(config)
    return ["## Intended use and limits", use, "\n".join(f"- {limit}" for limit in limits)]
