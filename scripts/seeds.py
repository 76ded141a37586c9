"""Train from several seeds, as DVC experiments, and write how far the scores scatter: results/seeds.csv.

python -m scripts.seeds                  # 0 to 4; a run that was stopped goes on where it was
python -m scripts.seeds --seeds 0 1 2

The seed of the forest moves along, so that the table shows its luck beside that of the networks. Split and
bootstrap keep their seeds: which beats are tested, and how intervals are drawn, is no property of a model.
"""

import argparse

from arrhythmia.files import write_text
from arrhythmia.names import MODELS
from arrhythmia.results import seeds_table
from scripts.experiments import read_card, read_params, refuse_changes, run_experiment, target
from stages import paths
from stages.run import run_command


def main(argv: list[str]) -> None:
    """Run one experiment a seed, and write the table when all are there."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.seeds",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)), help="default: 0 1 2 3 4")
    seeds = list(dict.fromkeys(parser.parse_args(argv).seeds))
    refuse_changes()
    models = [(protocol, model) for protocol in read_params("HEAD")["protocols"] for model in MODELS]
    cards = {}
    for i, seed in enumerate(seeds, start=1):
        print(f"[{i}/{len(seeds)}] seed {seed}", flush=True)
        commit = run_experiment(
            f"seed-{seed}", {"train.seed": seed, "forest.seed": seed}, [target(*key) for key in models]
        )
        cards[seed] = {key: read_card(commit, *key) for key in models}
    table = seeds_table(cards)
    write_text(paths.SEEDS, table.to_csv(index=False, float_format="%.5f", lineterminator="\n"))
    print(table.to_string(index=False, float_format="%.4f"))
    print(f"{paths.SEEDS}: {len(models)} models from {len(seeds)} seeds")


if __name__ == "__main__":
    run_command(main)
