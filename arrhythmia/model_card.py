"""The card beside a released network: what it was made of, what it does, where it fails (Mitchell 2019).

M. Mitchell et al., "Model cards for model reporting", FAT* 2019, arXiv:1810.03993.
"""

from typing import Any

import pandas as pd

from arrhythmia.aami import CLASS_NAMES, CLASSES, DS1, DS2, PACED
from arrhythmia.markdown import markdown_table, number
from arrhythmia.names import MODELS, protocol_name
from arrhythmia.released import DISCLAIMER, Recipe

TRAINING = {
    "intra_patient": (
        "Beats of all 48 recordings but those of the Kaggle test file. **The same patients are in training "
        "and test, so the figures below do not hold for a new patient; this model is for comparison only.**"
    ),
    "inter_patient": (
        f"The recordings {' '.join(DS1)} (DS1 of de Chazal 2004), scored on {' '.join(DS2)} (DS2). The paced "
        f"records {' '.join(PACED)} are left out. 201 (training) and 202 (test) are one patient."
    ),
}
HEADLINE = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "macro_f1_nsv": "macro-F1 over N, S, V",
    "j_kappa": "jκ",
}
WEAK = 8
"""Records in the table of weak spots."""


def model_card(
    recipe: Recipe,
    scores: dict[str, Any],
    agreement: dict[str, dict[str, float]],
    records: pd.DataFrame | None,
) -> str:
    """Return the card in Markdown.

    Args:
        recipe: of the released network.
        scores: its metrics file, from `scorecard.scorecard`.
        agreement: by precision: `equal_decisions`, `macro_f1_change`, `largest_difference`, `bytes`.
        records: from `scorecard.records_table`, or None where beats have no record.
    """
    title = f"# {MODELS[recipe.model]}, {protocol_name(recipe.protocol)}"
    parts = [
        title,
        f"{DISCLAIMER} Made by stage `export`; do not edit.",
        *_what(recipe, scores),
        *_training(recipe),
        *_figures(scores),
        *_weak_spots(records),
        *_files(recipe, agreement),
        *_use(),
    ]
    return "\n\n".join(parts) + "\n"


def _what(recipe: Recipe, scores: dict[str, Any]) -> list[str]:
    cut = recipe.segment
    classes = ", ".join(f"{name} ({CLASS_NAMES[name]})" for name in CLASSES)
    features = ", ".join(recipe.rules.features) or "none"
    return [
        "## What it is",
        f"A network of {scores['parameters']:,} parameters (an average of networks trained on different "
        f"folds) that gives each heartbeat of a single-lead ECG five calibrated probabilities: {classes}.",
        f"Input: {cut['before']:g} s before to {cut['after']:g} s after the R peak at {cut['fs']:g} Hz, "
        f"scaled by `{recipe.rules.method}`; features of rhythm and shape: {features}. It looks at the "
        "beats around and at the whole recording, so it does not work on a live signal.",
    ]


def _training(recipe: Recipe) -> list[str]:
    if recipe.source == "synthetic":
        data = (
            "**Synthetic recordings, made by this project to try the software. Do not use it on real ECGs.**"
        )
    else:
        data = (
            "MIT-BIH Arrhythmia Database (47 patients, 1975 to 1979, one hospital, half an hour each, "
            "360 Hz, lead MLII)."
        )
    return ["## Training data and protocol", f"{data} {TRAINING[recipe.protocol]}"]


def _figures(scores: dict[str, Any]) -> list[str]:
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
    return [
        "## Figures",
        f"On {scores['beats']:,} test beats at annotated positions; 95 % intervals by bootstrap over "
        f"{intervals['resampled']}. With detected beats: docs/predict.md.",
        markdown_table(["score", "value", "95 % interval"], rows),
        markdown_table(["class", "sensitivity", "positive predictivity", "F1", "beats"], classes),
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
    return ["## Weak spots", "The test recordings with the lowest accuracy; a dash: no such beats.", table]


def _files(recipe: Recipe, agreement: dict[str, dict[str, float]]) -> list[str]:
    rows = [
        [
            f"`{recipe.model}{suffix}`",
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
        f"`{recipe.model}.json` is the recipe of the inputs. In the int8 file weights are 8-bit integers.",
    ]


def _use() -> list[str]:
    return [
        "## Intended use and limits",
        "For research and teaching: sorting the beats of recordings that a person will look at. Not for "
        "diagnosis, not for monitoring, not for any decision about a patient.",
        "- S beats are found and confirmed poorly in patients not seen in training; atrial fibrillation "
        "makes them undecidable by timing.\n"
        "- F and Q are too rare in training to be relied on; paced recordings are outside its scope.\n"
        "- One lead, near MLII. Other leads, children, and other recorders were hardly tested.\n"
        "- Half an hour each of few patients: intervals are wide, and some groups of patients are missing.",
    ]
