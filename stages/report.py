"""Stage `report`: write REPORT.md, the results for people who do not run anything."""

import itertools
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from arrhythmia import paths
from arrhythmia.ecg.beats import load_beats
from arrhythmia.errors import DataError
from arrhythmia.figures.comparison import comparison
from arrhythmia.figures.scores import training_curves
from arrhythmia.figures.style import save_png
from arrhythmia.params import load_params
from arrhythmia.protocols import MODELS, NETWORKS, SOURCES
from arrhythmia.report.class_support import carriers_table, sides_table
from arrhythmia.report.report import Material, report
from arrhythmia.report.run_tables import ABLATION_COLUMNS, BASELINES_COLUMNS, SEEDS_COLUMNS, read_table
from arrhythmia.report.tables import Cards
from arrhythmia.titles import figure_title
from arrhythmia.utils.files import load_arrays, write_text
from arrhythmia.utils.progress import tracked
from stages.run import run

RESULTS = {
    "seeds": (paths.SEEDS, SEEDS_COLUMNS),
    "rhythm_seeds": (paths.RHYTHM_SEEDS, SEEDS_COLUMNS),
    "baselines": (paths.BASELINES, BASELINES_COLUMNS),
    "ablation": (paths.ABLATION, ABLATION_COLUMNS),
}
"""Tables of more than one run, and their columns."""


def main() -> None:
    """Read all metrics, and write the report and the figures over more than one model."""
    params = load_params()
    protocols = params["protocols"]
    every = [(protocol, model) for protocol in protocols for model in MODELS]
    cards = {key: json.loads(paths.metrics(*key).read_text()) for key in every}
    networks = [(protocol, model) for protocol, model in every if model in NETWORKS]
    alone = {key: paths.cross_validated(*key) for key in networks}
    fused = {key: paths.fused(*key) for key in networks}
    forests = {(protocol, "forest"): paths.cross_validated(protocol, "forest") for protocol in protocols}
    beats, inter = load_beats(paths.BEATS), "inter_patient" in protocols
    splits = {protocol: read_sides(protocol) for protocol in protocols}
    draw_learning_curves(protocols, str(beats.source))
    title = f"macro-F1 over N, S and V with 95 % intervals, {SOURCES[str(beats.source)].name}"
    save_png(paths.COMPARISON, comparison(cards, title=title))
    material = Material(
        source=str(beats.source),
        params=params,
        protocols=protocols,
        cards=cards,
        cross_validated=read_scores(fused | forests),
        alone=read_scores(alone),
        strata=json.loads(paths.RHYTHM_METRICS.read_text()),
        sides={protocol: sides_table(beats, split) for protocol, split in splits.items()},
        carriers=carriers_table(beats, splits["inter_patient"]) if inter else None,
        symbols={model: symbols_of(model) for model in NETWORKS} if inter else {},
        results={name: read_results(name) for name, (path, _) in RESULTS.items() if path.exists()},
        pictures=existing_pictures(protocols),
        comparison=str(paths.COMPARISON),
    )
    write_text(paths.REPORT, report(material))
    print(f"{paths.REPORT}: {len(cards)} models, {SOURCES[str(beats.source)].name}")


def read_scores(files: dict[tuple[str, str], Path]) -> Cards:
    """Read metrics files by protocol and model, those that exist."""
    return {key: json.loads(path.read_text()) for key, path in files.items() if path.exists()}


def draw_learning_curves(protocols: list[str], source: str) -> None:
    """Draw what dvclive wrote while the networks were trained."""
    shutil.rmtree(paths.LEARNING_CURVES, ignore_errors=True)
    networks = list(itertools.product(protocols, NETWORKS))
    for protocol, model in tracked(networks, "learning curves", "networks"):
        folder = paths.training(protocol, model) / "plots" / "metrics"
        curve = {
            key: pd.read_csv(folder / f"{key}.tsv", sep="\t").iloc[:, -1].to_numpy()
            for key in ("train/loss", "val/loss", "train/macro_f1", "val/macro_f1", "lr")
        }
        figure = training_curves(
            {side: curve[f"{side}/loss"] for side in ("train", "val")},
            {side: curve[f"{side}/macro_f1"] for side in ("train", "val")},
            curve["lr"],
            title=f"{figure_title(protocol, model, source)}: training",
        )
        save_png(paths.learning_curves(protocol, model), figure)


def read_sides(protocol: str) -> dict[str, np.ndarray]:
    """Return the row numbers of `train` and `test`."""
    split = load_arrays(paths.split(protocol))
    return {side: split[side] for side in ("train", "test")}


def symbols_of(model: str) -> pd.DataFrame:
    """Read how the annotation symbols fare with `model` on new patients."""
    return pd.read_csv(paths.tables("inter_patient", model) / "symbols.csv", keep_default_na=False)


def read_results(name: str) -> pd.DataFrame:
    """Read a table of more than one run.

    Raises:
        DataError: its columns are not those of this version.
    """
    path, columns = RESULTS[name]
    table = read_table(path)
    if wrong := sorted(set(columns) ^ set(table)):
        raise DataError(
            f"{path}: columns {wrong} do not match; run `arrhythmia study {name.replace('_', '-')}`"
        )
    return table


def existing_pictures(protocols: list[str]) -> dict[tuple[str, str, str], str]:
    """Return the path of each picture of the networks, by protocol, model and figure."""
    found = {}
    for key in itertools.product(protocols, NETWORKS):
        found |= {(*key, path.stem): path.as_posix() for path in paths.figures(*key).glob("*.png")}
        if paths.learning_curves(*key).exists():
            found[(*key, "training")] = paths.learning_curves(*key).as_posix()
    return found


if __name__ == "__main__":
    run(main)
