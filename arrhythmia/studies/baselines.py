"""Run the configs as DVC experiments, and write their scores beside ours: experiments/results/baselines.csv.

arrhythmia study baselines                            # all
arrhythmia study baselines --only kachuee,majority    # some; the other rows stay

`arrhythmia study time-to-quality` fills the last two columns.
"""

from pathlib import Path

import pandas as pd

from arrhythmia import paths
from arrhythmia.command_line import command_parser
from arrhythmia.errors import DataError
from arrhythmia.report.run_tables import BASELINES_COLUMNS, baseline_row, updated
from arrhythmia.studies.configs import read_config
from arrhythmia.studies.experiments import (
    last_commit,
    read_card,
    read_params,
    refuse_changes,
    run_experiment,
    target,
)
from arrhythmia.utils.files import write_text

CONFIGS = {
    "majority": "forest",
    "forest_rr_width": "forest",
    "three_layer": "cnn",
    "stacked_lstm": "rnn",
    "kachuee": "cnn",
}
"""The model that each config makes a baseline of."""

PUBLISHED = ("intra_patient", "inter_patient")
"""Protocols under which others report."""

COMMITTED = {
    "forest": "Random forest on all features, the committed baseline",
    "cnn": "Our CNN as committed",
    "rnn": "Our RNN as committed",
}
"""What needs no experiment: the metrics are in git."""

ORDER = ["majority", "forest_rr_width", "forest", "three_layer", "stacked_lstm", "kachuee", "cnn", "rnn"]


def main(argv: list[str]) -> None:
    """Run one experiment a config, and write the rows of those that succeed."""
    parser = command_parser("study baselines", __doc__)
    parser.add_argument("--only", default=",".join(CONFIGS), help="names with commas between them")
    names = parser.parse_args(argv).only.split(",")
    if unknown := [name for name in names if name not in CONFIGS]:
        raise DataError(f"--only {unknown[0]}: no baseline; there is {', '.join(CONFIGS)}")
    refuse_changes()
    head = last_commit()
    params = read_params("HEAD")
    protocols = [name for name in PUBLISHED if name in params["protocols"]]
    commits = {name: ("HEAD", name, what) for name, what in COMMITTED.items()}
    failed = []
    for i, name in enumerate(names, start=1):
        print(f"[{i}/{len(names)}] {name}", flush=True)
        path, model = paths.config(name), CONFIGS[name]
        try:
            changes = read_config(path, params)
            commit = run_experiment(
                experiment_name(name), changes, [target(protocol, model) for protocol in protocols]
            )
            commits[name] = commit, model, title(path)
        except DataError as error:
            print(f"error: {error}", flush=True)
            failed.append(name)
    rows = [
        baseline_row(name, what, protocol, read_card(commit, protocol, model), head)
        for name, (commit, model, what) in commits.items()
        for protocol in protocols
    ]
    write_rows(rows)
    print(f"{paths.BASELINES}: {', '.join(commits)}")
    if failed:
        raise DataError(f"without new rows for {', '.join(failed)}, which failed")


def experiment_name(name: str) -> str:
    """Return the experiment of the config `name`; `name` itself is that of `arrhythmia.studies.configs`."""
    return f"baseline-{name}"


def title(config: Path) -> str:
    """Return what a config is: its first line, a comment."""
    return config.read_text(encoding="utf-8").splitlines()[0].removeprefix("#").strip()


def write_rows(rows: list[dict[str, str]]) -> None:
    """Put cells into the table of baselines; what they do not name stays."""
    table = pd.DataFrame(columns=list(BASELINES_COLUMNS))
    if paths.BASELINES.exists():
        table = pd.read_csv(paths.BASELINES, dtype=str, keep_default_na=False)
    text = updated(table, rows, ORDER).to_csv(index=False, lineterminator="\n")
    write_text(paths.BASELINES, text)
