"""Train from several seeds, as DVC experiments, and write how far the scores scatter.

arrhythmia study seeds                  # 0 to 4
arrhythmia study seeds --seeds 0 1 2
arrhythmia study seeds --protocols inter_patient      # the rows of the others stay as they are

The seed of the forest moves along, so that the table shows its luck beside that of the networks. The rhythm
network keeps its seed: its luck is another, and `arrhythmia study rhythm-seeds` has it. So do split and
bootstrap: which beats are tested, and how intervals are drawn, is no property of a model.
"""

import pandas as pd

from arrhythmia import paths
from arrhythmia.command_line import command_parser
from arrhythmia.protocols import MODELS, PROTOCOLS
from arrhythmia.report.run_tables import headline_scores, read_table, seeds_table
from arrhythmia.studies.experiments import (
    last_commit,
    read_card,
    read_params,
    refuse_changes,
    run_experiment,
    target,
)
from arrhythmia.utils.files import write_text

ORDER = {protocol: place for place, protocol in enumerate(PROTOCOLS)}


def main(argv: list[str]) -> None:
    """Run one experiment a seed, and write the table when all are there."""
    parser = command_parser("study seeds", __doc__)
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)), help="default: 0 1 2 3 4")
    parser.add_argument("--protocols", nargs="+", choices=list(PROTOCOLS), help="as params.yaml")
    asked = parser.parse_args(argv)
    seeds = list(dict.fromkeys(asked.seeds))
    refuse_changes()
    head = last_commit()
    protocols = asked.protocols or read_params("HEAD")["protocols"]
    models = [(protocol, model) for protocol in protocols for model in MODELS]
    scores = {}
    for i, seed in enumerate(seeds, start=1):
        print(f"[{i}/{len(seeds)}] seed {seed}", flush=True)
        commit = run_experiment(
            f"seed-{seed}", {"train.seed": seed, "forest.seed": seed}, [target(*key) for key in models]
        )
        scores[seed] = {key: headline_scores(read_card(commit, *key)) for key in models}
    table = seeds_table(scores, head)
    if paths.SEEDS.exists():
        there = read_table(paths.SEEDS)
        kept = there[~there["protocol"].isin(protocols)]
        table = pd.concat([table, kept]).sort_values(
            "protocol", key=lambda name: name.map(ORDER), kind="stable"
        )
    write_text(paths.SEEDS, table.to_csv(index=False, float_format="%.5f", lineterminator="\n"))
    print(table.to_string(index=False, float_format="%.4f"))
    print(f"{paths.SEEDS}: {len(models)} models from {len(seeds)} seeds")
