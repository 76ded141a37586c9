"""Tables over several trainings: one model from many seeds, and many models beside each other."""

from pathlib import Path
from typing import Any

import pandas as pd

from arrhythmia.report.tables import HEADLINE, with_f1

Card = dict[str, Any]
"""What a metrics file holds (see `arrhythmia.evaluation.scorecard`)."""

SEEDS_COLUMNS = ("protocol", "model", "metric", "mean", "sd", "min", "max", "seeds", "commit")
BASELINES_COLUMNS = (
    "name",
    "what",
    "protocol",
    *HEADLINE,
    "parameters",
    "train_seconds",
    "seconds_to_0918",
    "commit",
)
"""The two columns in s depend on the machine."""

ABLATION_SCORES = ("f1_S", "f1_V", "macro_f1_nsv", "j_kappa", "log_loss")
ABLATION_COLUMNS = ("ingredient", *ABLATION_SCORES, "commit")


def read_table(path: Path) -> pd.DataFrame:
    """Read a table of more than one run; the names of commits stay texts, also those of digits only."""
    return pd.read_csv(path, dtype={"commit": str})


def headline_scores(card: Card) -> dict[str, float]:
    """Return the scores of `HEADLINE`; NaN where one is undefined."""
    scores = with_f1(card)
    return {key: float("nan") if scores[key] is None else float(scores[key]) for key in HEADLINE}


def seeds_table(scores: dict[int, dict[tuple[str, str], dict[str, float]]], commit: str) -> pd.DataFrame:
    """Return how far the scores of each model scatter over the seeds.

    Args:
        scores: by seed, then by protocol and model, then by name; the same for every seed.
        commit: of which these are, shortened.

    Returns:
        The columns `SEEDS_COLUMNS`, one row a protocol, model and score. `sd` divides by the number of seeds
        less one, and is NaN for a single seed. A score that is undefined for one seed has NaN throughout,
        since a mean over the others would flatter.
    """
    rows = []
    for protocol, model in next(iter(scores.values())):
        of_model = pd.DataFrame([of_seed[protocol, model] for of_seed in scores.values()])
        for metric, values in of_model.items():
            rows.append(
                {
                    "protocol": protocol,
                    "model": model,
                    "metric": metric,
                    "mean": values.mean(skipna=False),
                    "sd": values.std(ddof=1, skipna=False),
                    "min": values.min(skipna=False),
                    "max": values.max(skipna=False),
                    "seeds": " ".join(map(str, scores)),
                    "commit": commit,
                }
            )
    return pd.DataFrame(rows, columns=list(SEEDS_COLUMNS))


def baseline_row(name: str, what: str, protocol: str, card: Card, commit: str) -> dict[str, str]:
    """Return the cells of the table of baselines that a metrics file fills; empty where undefined."""
    scores = {key: "" if pd.isna(value) else f"{value:.5f}" for key, value in headline_scores(card).items()}
    return {
        "name": name,
        "what": what,
        "protocol": protocol,
        **scores,
        "parameters": str(card["parameters"]),
        "commit": commit,
    }


def updated(table: pd.DataFrame, rows: list[dict[str, str]], order: list[str]) -> pd.DataFrame:
    """Return the table of baselines with new cells in it; all other cells stay.

    Args:
        table: columns `BASELINES_COLUMNS` of text, so that figures that stay keep their digits; may be empty.
        rows: each with `name` and `protocol`, which find its row or add one, and the new cells.
        order: names in the order in which they shall stand; others follow.
    """
    found = {(row["protocol"], row["name"]): row for row in table.to_dict("records")}
    for row in rows:
        key = row["protocol"], row["name"]
        found[key] = found.get(key, dict.fromkeys(BASELINES_COLUMNS, "")) | row
    # intra_patient first, as everywhere: the flattering figure, then the honest one below it
    place = {name: i for i, name in enumerate(order)}
    keys = sorted(found, key=lambda key: (key[0] != "intra_patient", place.get(key[1], len(place)), key[1]))
    return pd.DataFrame([found[key] for key in keys], columns=list(BASELINES_COLUMNS))
