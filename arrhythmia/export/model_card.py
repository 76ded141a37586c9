"""The card beside an ONNX network: what it was made of, what it does, where it fails (Mitchell 2019).

M. Mitchell et al., "Model cards for model reporting", FAT* 2019, arXiv:1810.03993.
"""

from typing import Any

import pandas as pd

from arrhythmia.aami import CLASS_NAMES, CLASSES, PACED, SYNTHETIC_PACED
from arrhythmia.features.morphology import FEATURES as SHAPE
from arrhythmia.features.rhythm import FEATURES as RHYTHM
from arrhythmia.inference.disclaimer import DISCLAIMER
from arrhythmia.inference.model import ModelConfig
from arrhythmia.protocols import SOURCES
from arrhythmia.scoring.support import MIN_SUPPORT
from arrhythmia.titles import MODEL_TITLES, SCORE_TITLES, protocol_name
from arrhythmia.utils.templates import render

TEMPLATE = "export/templates/model_card.md.j2"

SHOWN = ("accuracy", "macro_f1", "macro_f1_nsv", "j_kappa")
SUFFIXES = {"float32": ".onnx", "int8": ".int8.onnx"}

MEASURED = ("physionet", "centred", "inter_patient")
"""Source, window and protocol of the networks whose figures with detected beats are in docs/predict.md."""

WEAK = 8
"""Records in the table of weak spots."""


def model_card(
    config: ModelConfig,
    scores: dict[str, Any],
    agreement: dict[str, dict[str, float]],
    records: pd.DataFrame,
    *,
    members: int,
) -> str:
    """Return the card in Markdown.

    Args:
        config: of the ONNX network.
        scores: its metrics file, from `scorecard.scorecard`.
        agreement: by precision: `equal_decisions`, `macro_f1_change`, `largest_difference`, `bytes`.
        records: from `evaluation.tables.records_table`.
        members: networks that it averages.
    """
    synthetic = config.source == "synthetic"
    source = SOURCES["synthetic" if synthetic else "physionet"]
    return render(
        TEMPLATE,
        title=f"{MODEL_TITLES[config.model]}, {protocol_name(config.protocol)}",
        disclaimer=DISCLAIMER,
        config=config,
        scores=scores,
        agreement=agreement,
        members=members,
        weak=weakest(records),
        needed=needed_later(config),
        measured=(config.source, config.segment["window"], config.protocol) == MEASURED,
        training=source.training,
        test=source.testing,
        paced=SYNTHETIC_PACED if synthetic else PACED,
        min_support=MIN_SUPPORT,
        headline={key: SCORE_TITLES[key] for key in SHOWN},
        suffixes=SUFFIXES,
        classes=CLASSES,
        class_names=CLASS_NAMES,
    )


def weakest(records: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the records with the lowest accuracy, the lowest first."""
    return records.sort_values(["accuracy", "record"], kind="stable").head(WEAK).to_dict("records")


def needed_later(config: ModelConfig) -> list[str]:
    """Return what the network needs of the recording after the beat's own window."""
    # the rhythm network reads later beats, and compares with the template beat
    if config.fusion["weight"]:
        return ["later beats", "the whole recording"]
    preprocessor, needed = config.preprocessor, []
    if (set(RHYTHM) - {"pre_rr_ratio", "pre_post_rr_ratio"}) & set(preprocessor.features):
        needed.append("later beats")
    elif config.segment["window"] == "kaggle" or "pre_post_rr_ratio" in preprocessor.features:
        needed.append("the next beat")
    if (
        preprocessor.method == "record"
        or preprocessor.template_channel
        or set(SHAPE) & set(preprocessor.features)
    ):
        needed.append("the whole recording")
    return needed
