"""Refusing tables of results/ that are not of the metrics beside them: they were made of an older default."""

from typing import Any

import pandas as pd

from arrhythmia import paths
from arrhythmia.errors import DataError
from arrhythmia.report.run_tables import headline
from arrhythmia.report.tables import Cards

SHOWN = ("accuracy", "macro_f1", "macro_f1_nsv", "f1_S", "f1_V")
"""Scores that README.md shows, so those that are compared."""


def refuse_other_seeds(seeds: pd.DataFrame, cards: Cards) -> None:
    """Refuse a table of seeds that is not of the models whose metrics these are.

    The committed model is that of one of the seeds, so its scores must lie within their range.

    Args:
        seeds: columns of `arrhythmia.report.run_tables.SEEDS_COLUMNS`.
        cards: metrics by protocol and model.

    Raises:
        DataError: the metrics are not of the real recordings, or lie outside the range.
    """
    ranges = seeds.set_index(["protocol", "model", "metric"])
    for key, card in cards.items():
        if card["source"] != "physionet":
            raise DataError(f"{paths.metrics(*key)}: source {card['source']}; run `git restore metrics`")
        scores = headline(card)
        for metric in SHOWN:
            value, line = scores[metric], ranges.loc[(*key, metric)]
            if not line["min"] <= value <= line["max"]:
                raise DataError(
                    f"{paths.SEEDS}: {metric} of {paths.metrics(*key)} is {value}, outside its range "
                    f"{line['min']} to {line['max']}; run `python -m scripts.seeds`"
                )


def refuse_other_baselines(baselines: pd.DataFrame, cards: Cards) -> None:
    """Refuse a table of baselines whose rows of our own models are not of these metrics.

    Raises:
        DataError: a score differs.
    """
    table = baselines.set_index(["protocol", "name"])
    for key, card in cards.items():
        scores = headline(card)
        for metric in SHOWN:
            value = scores[metric]
            if abs(table.loc[key, metric] - value) > 1e-4:
                raise DataError(
                    f"{paths.BASELINES}: {metric} of {' '.join(key)} is {table.loc[key, metric]}, in "
                    f"{paths.metrics(*key)} {value}; run `python -m scripts.baselines --only majority`"
                )


def refuse_other_ablation(ablation: pd.DataFrame, card: dict[str, Any]) -> None:
    """Refuse an ablation whose first row, the committed default, is not of this cross-validation.

    Raises:
        DataError: a score differs.
    """
    for metric in ("f1_S", "f1_V", "macro_f1_nsv"):
        value = ablation[metric].iloc[0]
        if abs(value - card[metric]) > 1e-4:
            raise DataError(
                f"{paths.ABLATION}: {metric} of the default is {value}, in "
                f"{paths.cross_validated('inter_patient', 'cnn')} {card[metric]}; run "
                "`python -m scripts.ablation`"
            )
