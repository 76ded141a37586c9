"""Train the rhythm network from several seeds, and write how far the scores of what it is fused with scatter.

arrhythmia study rhythm-seeds                  # 0 to 4, a quarter of an hour each on two cores
arrhythmia study rhythm-seeds --seeds 0 1 2

Each seed draws other simulated patients, to learn from and to score on, and other weights. CNN and RNN keep
theirs, so this is the luck of the rhythm network alone; `arrhythmia study seeds` has that of the others.
"""

from arrhythmia import paths
from arrhythmia.command_line import command_parser
from arrhythmia.protocols import NETWORKS, of_protocol
from arrhythmia.report.run_tables import headline_scores, seeds_table
from arrhythmia.studies.experiments import (
    last_commit,
    read_card,
    read_json,
    read_params,
    refuse_changes,
    run_experiment,
    target,
)
from arrhythmia.utils.files import write_text

ROW_TITLES = {"mean": "rhythm, mean of the strata", "worst": "rhythm, worst stratum"}
"""Of the rows with the rhythm network's own scores on simulated patients, by their key in its metrics."""


def main(argv: list[str]) -> None:
    """Run one experiment a seed, and write the table when all are there."""
    parser = command_parser("study rhythm-seeds", __doc__)
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)), help="default: 0 1 2 3 4")
    seeds = list(dict.fromkeys(parser.parse_args(argv).seeds))
    refuse_changes()
    params = read_params("HEAD")
    fused = [name for name in params["protocols"] if of_protocol(params["fusion"], name)["weight"]]
    models = [(protocol, network) for protocol in fused for network in NETWORKS]
    scores = {}
    for i, seed in enumerate(seeds, start=1):
        print(f"[{i}/{len(seeds)}] seed {seed}", flush=True)
        commit = run_experiment(
            f"rhythm-seed-{seed}", {"rhythm.seed": seed}, [target(*key) for key in models]
        )
        scores[seed] = {key: headline_scores(read_card(commit, *key)) for key in models}
        strata = read_json(commit, paths.RHYTHM_METRICS)
        for key, title in ROW_TITLES.items():
            scores[seed]["simulated", title] = {name: strata[key][name] for name in ("f1_S", "f1_V")}
    table = seeds_table(scores, last_commit())
    write_text(paths.RHYTHM_SEEDS, table.to_csv(index=False, float_format="%.5f", lineterminator="\n"))
    print(table.to_string(index=False, float_format="%.4f"))
    print(f"{paths.RHYTHM_SEEDS}: {len(models)} models from {len(seeds)} seeds of the rhythm network")
