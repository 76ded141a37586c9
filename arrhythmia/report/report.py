"""REPORT.md: what the metrics files say, in words, tables and figures."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from arrhythmia.aami import PACED, SYNTHETIC_PACED
from arrhythmia.features import morphology, rhythm
from arrhythmia.protocols import NETWORKS, of_protocol
from arrhythmia.report import tables
from arrhythmia.report.tables import Cards
from arrhythmia.scoring.support import MIN_SUPPORT
from arrhythmia.titles import MODEL_TITLES, protocol_name
from arrhythmia.utils.templates import render

TEMPLATE = "report/templates/REPORT.md.j2"

FIGURES = {
    "confusion": "Confusion matrices",
    "records": "Record by record",
    "worst_records": "Records with the most mistakes",
    "mistakes": "Most confident mistakes",
    "curves": "Precision-recall and ROC curves",
    "reliability": "Calibration",
    "risk_coverage": "Risk and coverage",
    "training": "Training curves",
}
"""Titles of the figures, in the order of the page."""

WIDE = ("worst_records", "mistakes")
"""Figures with strips of ECG, which need the whole width of the page; those of patients whom the model has
never seen say most, so the intra-patient protocol shows none."""


@dataclass(frozen=True)
class Material:
    """What the report is written from.

    Attributes:
        source: where the recordings come from.
        params: parameters of this run, by group.
        protocols: in the order of the sections.
        cards: metrics by protocol and model.
        cross_validated: scores of a cross-validation within the training side, where there are any; of the
            networks fused with the rhythm network.
        alone: the same of the networks alone.
        strata: scores of the rhythm network on simulated patients, by stratum.
        sides: `class_support.sides_table` of each protocol.
        carriers: `class_support.carriers_table` of the inter-patient protocol; None where it was not run.
        symbols: `arrhythmia.evaluation.symbols.symbols_table` of each network under the inter-patient
            protocol; empty where it was not run.
        results: tables of more than one run by name (`seeds`, `rhythm_seeds`, `baselines`, `ablation`); those
            that exist.
        pictures: path of each picture that exists, by protocol, model and figure.
        comparison: path of the picture of all protocols.
    """

    source: str
    params: dict[str, Any]
    protocols: list[str]
    cards: Cards
    cross_validated: Cards
    alone: Cards
    strata: dict[str, dict[str, float]]
    sides: dict[str, pd.DataFrame]
    carriers: pd.DataFrame | None
    symbols: dict[str, pd.DataFrame]
    results: dict[str, pd.DataFrame]
    pictures: dict[tuple[str, str, str], str]
    comparison: str


def report(material: Material) -> str:
    """Return the text of REPORT.md."""
    both = {"intra_patient", "inter_patient"} <= set(material.protocols)
    results = material.results if material.source == "physionet" else {}
    return render(
        TEMPLATE,
        source=material.source,
        paced=SYNTHETIC_PACED if material.source == "synthetic" else PACED,
        settings=run_settings(material.params, material.protocols),
        inputs=inputs_seen(material.params["normalize"], material.protocols),
        fused=[
            protocol_name(protocol)
            for protocol in material.protocols
            if of_protocol(material.params["fusion"], protocol)["weight"]
        ],
        gap=gap(material.cards) if both else {},
        normal_share=normal_share(material.cards) if both else None,
        comparison=material.comparison,
        results=results,
        seeds=" ".join(dict.fromkeys(map(str, results["seeds"]["seeds"]))) if "seeds" in results else "",
        protocols=material.protocols,
        min_support=MIN_SUPPORT,
        names={protocol: protocol_name(protocol) for protocol in material.protocols},
        cards=material.cards,
        cross_validated=material.cross_validated,
        alone=material.alone,
        strata=material.strata,
        sides=material.sides,
        carriers=material.carriers,
        rare=[] if material.carriers is None else rare_classes(material.carriers),
        symbols=material.symbols,
        titles=FIGURES,
        wide=WIDE,
        shown=lambda protocol, figure: shown(material.pictures, protocol, figure),
        tables=tables,
    )


def run_settings(params: dict[str, Any], protocols: list[str]) -> str:
    """Return in one line what was run: window, normalization, training and fusion, as in params.yaml.

    Args:
        params: by group; a value may differ by protocol, and is then a dict.
        protocols: those that were run.
    """
    groups = {"segment": {"window": params["segment"]["window"]}}
    train = {name: value for name, value in params["train"].items() if name != "loggers"}  # changes no score
    groups |= {"normalize": params["normalize"], "train": train, "fusion": params["fusion"]}
    return "; ".join(
        f"`{group}` " + ", ".join(_setting_words(name, value, protocols) for name, value in settings.items())
        for group, settings in groups.items()
    )


def _setting_words(name: str, value: Any, protocols: list[str]) -> str:
    if isinstance(value, dict):
        return f"{name} " + " and ".join(
            f"{_value_words(of_protocol({name: value}, protocol)[name])} ({protocol_name(protocol)})"
            for protocol in protocols
        )
    return f"{name} {_value_words(value)}"


def _value_words(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def inputs_seen(
    normalize: dict[str, Any], protocols: list[str]
) -> list[tuple[tuple[str, ...], dict[str, Any]]]:
    """Return what the networks see of a recording besides the beat, once for the protocols that see the same.

    Args:
        normalize: group of params.yaml; a value may differ by protocol, and is then a dict.
        protocols: those that were run.

    Returns:
        Protocols, and what they see: `intervals` and `p_waves`, whether those around the beat are seen, and
        `statistics`, what is measured on the whole recording.
    """
    seen = [(protocol, seen_besides(**of_protocol(normalize, protocol))) for protocol in protocols]
    kinds: list[dict[str, Any]] = []
    for _, besides in seen:
        if besides not in kinds:
            kinds.append(besides)
    return [(tuple(protocol for protocol, x in seen if x == besides), besides) for besides in kinds]


def seen_besides(method: str, template_channel: bool, features: list[str]) -> dict[str, Any]:
    """Return what the inputs hold besides the beat; the arguments are those of the group `normalize`."""
    statistics = []
    if method == "record":
        statistics.append("its median amplitude and polarity")
    if "qrs_width" in features:
        statistics.append("its median QRS width")
    if template_channel or set(morphology.FEATURES) & set(features):
        statistics.append("its template beat (the median of the late ones)")
    return {
        "intervals": bool(set(rhythm.FEATURES) & set(features)),
        "p_waves": "p_wave_correlation" in features,
        "statistics": statistics,
    }


def gap(cards: Cards) -> dict[str, dict[str, tuple[float | None, float | None]]]:
    """Return the intra-patient and the inter-patient score of each model, by title and score."""
    found = {}
    for model, title in MODEL_TITLES.items():
        pair = [tables.with_f1(cards[protocol, model]) for protocol in ("intra_patient", "inter_patient")]
        keys = ("accuracy", "macro_f1_nsv", "f1_S", "f1_V")
        found[title] = {key: tuple(card[key] for card in pair) for key in keys}
    return found


def normal_share(cards: Cards) -> float:
    """Return the share of N among the inter-patient test beats, 0..1."""
    card = cards["inter_patient", "cnn"]
    return card["classes"]["N"]["support"] / card["beats"]


def rare_classes(carriers: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of F and Q of `class_support.carriers_table`."""
    return carriers[carriers["class"].isin(["F", "Q"])].to_dict("records")


def shown(pictures: dict[tuple[str, str, str], str], protocol: str, figure: str) -> list[tuple[str, str]]:
    """Return path and title of the networks whose figure of this name exists."""
    return [
        (pictures[protocol, model, figure], MODEL_TITLES[model])
        for model in NETWORKS
        if (protocol, model, figure) in pictures
    ]
