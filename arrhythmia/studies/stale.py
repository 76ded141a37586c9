"""Noticing tables of results/ that are not of the metrics beside them: they are of another commit."""

from pathlib import Path
from typing import Any

import pandas as pd

from arrhythmia import paths
from arrhythmia.errors import DataError
from arrhythmia.report.run_tables import headline_scores
from arrhythmia.report.tables import Cards

SHOWN = ("accuracy", "macro_f1", "macro_f1_nsv", "f1_S", "f1_V")
"""Scores that README.md shows, so those that are compared."""


def other_seeds(seeds: pd.DataFrame, cards: Cards, path: Path = paths.SEEDS) -> str | None:
    """Say where a table of seeds is not of the models whose metrics these are; None where it may be.

    The committed model is that of one of the seeds, so its scores must lie within their range.

    Args:
        seeds: columns of `arrhythmia.report.run_tables.SEEDS_COLUMNS`.
        cards: metrics by protocol and model.
        path: of the table, which is named by the study that makes it.

    Raises:
        DataError: the metrics are not of the real recordings.
    """
    ranges = seeds.set_index(["protocol", "model", "metric"])
    remedy = f"`arrhythmia study {path.stem.replace('_', '-')}` makes it anew"
    for key, card in cards.items():
        if card["source"] != "physionet":
            raise DataError(f"{paths.metrics(*key)}: source {card['source']}; run `git restore metrics`")
        scores = headline_scores(card)
        if (*key, SHOWN[0]) not in ranges.index:
            return f"{path}: has no {' '.join(key)}; {remedy}"
        for metric in SHOWN:
            value, line = scores[metric], ranges.loc[(*key, metric)]
            if not line["min"] <= value <= line["max"]:
                return (
                    f"{path}: {metric} of {paths.metrics(*key)} is {value}, outside its range "
                    f"{line['min']} to {line['max']}; {remedy}"
                )
    return None


def other_baselines(baselines: pd.DataFrame, cards: Cards) -> str | None:
    """Say where the rows of our own models in a table of baselines are not of these metrics."""
    table = baselines.set_index(["protocol", "name"])
    for key, card in cards.items():
        if key not in table.index:  # the literature knows two of the protocols
            continue
        scores = headline_scores(card)
        for metric in SHOWN:
            value = scores[metric]
            if abs(table.loc[key, metric] - value) > 1e-4:
                return (
                    f"{paths.BASELINES}: {metric} of {' '.join(key)} is {table.loc[key, metric]}, in "
                    f"{paths.metrics(*key)} {value}; `arrhythmia study baselines` makes it anew"
                )
    return None


def other_ablation(ablation: pd.DataFrame, card: dict[str, Any]) -> str | None:
    """Say where the first row of an ablation, the default, is not of this cross-validation."""
    for metric in ("f1_S", "f1_V", "macro_f1_nsv"):
        value = ablation[metric].iloc[0]
        if abs(value - card[metric]) > 1e-4:
            return (
                f"{paths.ABLATION}: {metric} of the default is {value}, in "
                f"{paths.fused('inter_patient', 'cnn')} {card[metric]}; "
                "`arrhythmia study ablation` makes it anew"
            )
    return None
