"""The tables of REPORT.md, each from the numbers it shows to Markdown."""

from typing import Any

import pandas as pd

from arrhythmia.aami import CLASS_NAMES, CLASSES
from arrhythmia.protocols import MODELS
from arrhythmia.titles import MODEL_TITLES, SCORE_TITLES, protocol_name
from arrhythmia.utils.markdown import markdown_table, number

Cards = dict[tuple[str, str], dict[str, Any]]
"""Metrics by protocol and model, as `arrhythmia.evaluation.scorecard.scorecard` gives them."""

HEADLINE = ("accuracy", "macro_f1", "macro_f1_nsv", "f1_S", "f1_V", "j_kappa", "ece")

LEARNT_FROM = {"intra_patient": "training beats", "inter_patient": "training patients"}


def results_table(cards: Cards, cross_validated: Cards, protocol: str) -> str:
    """Return the models' scores under `protocol`, one row a model.

    Args:
        cards: all metrics.
        cross_validated: scores of a cross-validation within the training side, where there are any; they get
            a row under the model's own.
        protocol: which one.
    """
    rows = []
    for model, title in MODEL_TITLES.items():
        card = with_f1(cards[protocol, model])
        scores = [with_interval(card, key, card[key]) for key in HEADLINE]
        rows.append([title, *scores, f"{card['parameters']:,}"])
        if protocol in LEARNT_FROM and (inner := cross_validated.get((protocol, model))):
            title = f"{title}, cross-validated on the {LEARNT_FROM[protocol]}"
            rows.append([title, *(number(inner[key]) for key in HEADLINE), ""])
    return markdown_table(["model", *(SCORE_TITLES[key] for key in HEADLINE), "size"], rows)


def with_f1(card: dict[str, Any]) -> dict[str, Any]:
    """Return a card with F1 of S and of V among its scores, as `f1_S` and `f1_V`."""
    return card | {f"f1_{name}": card["classes"][name]["f1"] for name in "SV"}


def with_interval(card: dict[str, Any], key: str, value: float | None) -> str:
    """Return `value` with the 95 % interval that the card holds under `key`, if it does."""
    if key not in card["ci95"]:
        return number(value)
    interval = card["ci95"][key]
    return f"{number(value)} ({number(interval['low'])}–{number(interval['high'])})"


def classes_table(cards: Cards, protocol: str) -> str:
    """Return precision, recall and F1 of each class, one row a class."""
    keys = {"precision": "precision", "recall": "recall", "f1": "F1"}
    header = ["class", "test beats"] + [
        f"{title} {word}" for title in MODEL_TITLES.values() for word in keys.values()
    ]
    rows = []
    for name in CLASSES:
        scores = [cards[protocol, model]["classes"][name] for model in MODELS]
        row = [f"{name} ({CLASS_NAMES[name]})", f"{scores[0]['support']:,}"]
        rows.append(row + [number(score[key]) for score in scores for key in keys])
    return markdown_table(header, rows)


def ec57_table(cards: Cards, protocol: str) -> str:
    """Return the gross EC57 statistics of V and S, one row a model."""
    keys = {"sensitivity": "Se", "positive_predictivity": "+P", "false_positive_rate": "FPR"}
    header = ["model"] + [f"{name} {short}" for name in "VS" for short in keys.values()]
    rows = [
        [title] + [number(cards[protocol, model]["ec57"][name][key], 4) for name in "VS" for key in keys]
        for model, title in MODEL_TITLES.items()
    ]
    return markdown_table(header, rows)


def without_table(cards: Cards, protocol: str) -> str:
    """Return the scores with all records and without single ones; empty where none is left out."""
    keys = ("macro_f1_nsv", "f1_S", "f1_V", "j_kappa")
    rows = []
    for model, title in MODEL_TITLES.items():
        card = cards[protocol, model]
        if "without" in card:
            for record, scores in {"none": with_f1(card), **card["without"]}.items():
                rows.append([title, record, *(number(scores[key]) for key in keys)])
    return markdown_table(["model", "left out", *(SCORE_TITLES[key] for key in keys)], rows) if rows else ""


def by_record_table(cards: Cards, protocol: str) -> str:
    """Return the mean F1 of S and V over records, one row a model; empty where none was taken."""
    rows = []
    for model, title in MODEL_TITLES.items():
        row = [title]
        for of in cards[protocol, model].get("by_record", {}).values():
            row += [f"{number(of['f1'])} ({number(of['low'])}–{number(of['high'])})", str(of["records"])]
        rows += [row] if row[1:] else []
    return markdown_table(["model", "F1 of S", "records", "F1 of V", "records"], rows) if rows else ""


def fusion_table(alone: Cards, fused: Cards) -> str:
    """Return what the rhythm network brings on held-out folds, two rows a protocol and network.

    Args:
        alone: scores of the networks alone.
        fused: scores after the fusion, with its `weight`.
    """
    keys = ("f1_S", "f1_V", "macro_f1_nsv", "ece", "log_loss")
    rows = []
    for (protocol, model), scores in alone.items():
        both = fused[protocol, model]
        if both["weight"]:
            for title, row in ((MODEL_TITLES[model], scores), (f"{MODEL_TITLES[model]}, fused", both)):
                weight = number(both["weight"], 2) if row is both else "0"
                rows.append([protocol_name(protocol), title, weight, *(number(row[key]) for key in keys)])
    header = ["protocol", "model", "weight", *(SCORE_TITLES[key] for key in keys)]
    return markdown_table(header, rows, left=2) if rows else ""


def strata_table(strata: dict[str, dict[str, float]]) -> str:
    """Return the scores of the rhythm network on simulated patients, one row a stratum."""
    keys = ("f1_S", "f1_V", "log_loss")
    rows = [[name.replace("_", " "), *(number(of[key]) for key in keys)] for name, of in strata.items()]
    return markdown_table(["stratum", *(SCORE_TITLES[key] for key in keys)], rows)


def risk_coverage_table(cards: Cards, protocol: str) -> str:
    """Return the error of the beats kept, one row a model, the rejection rate in the columns."""
    rows = []
    for model, title in MODEL_TITLES.items():
        card = cards[protocol, model]
        errors = [1 - card["accuracy"], *card["risk_coverage"].values()]
        rows.append([title, *(f"{error:.2%}" for error in errors)])
    shares = [key.split("_")[2] for key in card["risk_coverage"]]  # error_rejecting_5_percent
    return markdown_table(["model", "none rejected", *(f"{share} % rejected" for share in shares)], rows)


def symbols_table(tables: dict[str, pd.DataFrame]) -> str:
    """Return how the annotation symbols fare, one row a symbol; shares below a half in bold.

    Args:
        tables: as `arrhythmia.evaluation.symbols.symbols_table` returns them, by model, on the same beats.
    """
    header = ["symbol", "meaning", "class", "beats"]
    for model in tables:
        header += [f"{MODEL_TITLES[model]} recall", f"{MODEL_TITLES[model]} mistakes"]
    rows = []
    for lines in zip(*(table.to_dict("records") for table in tables.values()), strict=True):
        first = lines[0]
        row = [f"`{first['symbol']}`", first["meaning"], first["class"], f"{first['beats']:,}"]
        for line in lines:
            share = f"{line['recall']:.1%}"
            taken = {name: line[name] for name in CLASSES if name != line["class"] and line[name]}
            common = sorted(taken.items(), key=lambda item: -item[1])
            mistakes = ", ".join(f"{name} {beats:,}" for name, beats in common)
            row += [f"**{share}**" if line["recall"] < 0.5 else share, mistakes]
        rows.append(row)
    return markdown_table(header, rows, left=2)


def sides_table(sides: pd.DataFrame) -> str:
    """Return the beats of each side; `sides` as `class_support.sides_table` returns it."""
    rows = ([side, *(f"{count:,}" for count in counts)] for side, *counts in sides.itertuples(index=False))
    return markdown_table(list(sides), rows)


def carriers_table(carriers: pd.DataFrame) -> str:
    """Return who carries the rare classes; `carriers` as `class_support.carriers_table` returns it."""
    rows = []
    for line in carriers.to_dict("records"):
        row = [line["class"]]
        for side in ("train", "test"):
            most, share = line[f"{side}_most"], line[f"{side}_share"]
            held = f"{most} ({share:.0%})" if most else "–"
            row += [f"{line[f'{side}_beats']:,}", str(line[f"{side}_records"]), held]
        rows.append(row)
    sides = [f"{side} {what}" for side in ("training", "test") for what in ("beats", "records", "most in")]
    return markdown_table(["class", *sides], rows)


def commits(table: pd.DataFrame) -> str:
    """Say of which commits the rows of a table of more than one run are, in the order in which they stand."""
    names = list(dict.fromkeys(table["commit"]))
    return f"commit{'s' if names[1:] else ''} {', '.join(names)}"


def seeds_table(seeds: pd.DataFrame) -> str:
    """Return mean, standard deviation and range of each score, one row a protocol and model.

    Args:
        seeds: columns `protocol`, `model`, `metric`, `mean`, `sd`, `min` and `max`.
    """
    metrics = list(dict.fromkeys(seeds["metric"]))
    rows = []
    for (protocol, model), lines in seeds.groupby(["protocol", "model"], sort=False):
        cells = {}
        for line in lines.to_dict("records"):
            mean, sd, low, high = (number(line[key]) for key in ("mean", "sd", "min", "max"))
            cells[line["metric"]] = f"{mean} ± {sd} ({low}–{high})"
        rows.append(
            [
                protocol_name(protocol),
                MODEL_TITLES.get(model, model),
                *(cells.get(key, "–") for key in metrics),
            ]
        )
    return markdown_table(["protocol", "model", *(SCORE_TITLES[key] for key in metrics)], rows, left=2)


def baselines_table(baselines: pd.DataFrame) -> str:
    """Return the models of the literature beside ours, one row a model and protocol.

    Args:
        baselines: columns `name`, `what`, `protocol`, those of `HEADLINE`, `parameters`, `train_seconds` and
            `seconds_to_0918`; NaN where not measured, `not passed` where never reached.
    """
    whole = {"parameters": "parameters", "train_seconds": "training, s", "seconds_to_0918": "s to 0.918"}
    rows = [
        [line["name"], line["what"], protocol_name(line["protocol"])]
        + [number(line[key]) for key in HEADLINE]
        + [
            number(line["parameters"], 0),
            *(seconds(line[key]) for key in ("train_seconds", "seconds_to_0918")),
        ]
        for line in baselines.to_dict("records")
    ]
    header = ["name", "what", "protocol", *(SCORE_TITLES[key] for key in HEADLINE), *whole.values()]
    return markdown_table(header, rows, left=3)


def seconds(cell: float | str) -> str:
    """Return a cell of measured time: whole seconds, or the word that stands there (`not passed`)."""
    try:
        return number(float(cell), 0)
    except ValueError:
        return str(cell)


def ablation_table(ablation: pd.DataFrame) -> str:
    """Return what each ingredient brings; columns `ingredient` and scores, one row a variant."""
    keys = [key for key in ablation if key not in ("ingredient", "commit")]
    rows = [
        [line["ingredient"], *(number(line[key]) for key in keys)] for line in ablation.to_dict("records")
    ]
    return markdown_table(["ingredient", *(SCORE_TITLES[key] for key in keys)], rows)
