"""Take ingredients out one at a time, and write what each brings: experiments/results/ablation.csv.

arrhythmia study ablation           # the CNN
arrhythmia study ablation rnn

Scores are those on held-out patients of the training records (inter_patient), fused with the rhythm network;
the test records are not in it.
"""

import pandas as pd

from arrhythmia import paths
from arrhythmia.command_line import command_parser
from arrhythmia.features import rhythm
from arrhythmia.features.table import FEATURES
from arrhythmia.report.run_tables import ABLATION_SCORES, read_table
from arrhythmia.studies.configs import Changes
from arrhythmia.studies.experiments import last_commit, read_json, refuse_changes, run_experiment
from arrhythmia.utils.files import write_text

PROTOCOL = "inter_patient"

DEFAULT = (*rhythm.FEATURES, "p_wave_correlation")
"""`normalize.features.inter_patient` of params.yaml."""


def features(*names: str) -> Changes:
    """Return the change that leaves these features."""
    return {f"normalize.features.{PROTOCOL}": list(names)}


def without(*names: str) -> Changes:
    """Return the change that leaves the features of the default but for these."""
    return features(*(name for name in DEFAULT if name not in names))


INGREDIENTS: dict[str, tuple[str, Changes]] = {
    "default": ("the committed default", {}),
    "rhythm_network": ("without the rhythm network", {f"fusion.weight.{PROTOCOL}": 0.0}),
    "rhythm_alone": ("the rhythm network alone, but for F", {f"fusion.weight.{PROTOCOL}": 1.0}),
    "none": ("without features", features()),
    "rr_irregularity": ("without rr_irregularity", without("rr_irregularity")),
    "p_wave_correlation": ("without p_wave_correlation", without("p_wave_correlation")),
    "fibrillation": (
        "without rr_irregularity and p_wave_correlation",
        without("rr_irregularity", "p_wave_correlation"),
    ),
    "pre_rr_global": ("without pre_rr_global", without("pre_rr_global")),
    "neighbours": (
        "without pre_post_rr_ratio and pre_rr_ratio",
        without("pre_post_rr_ratio", "pre_rr_ratio"),
    ),
    "underlying": ("without pre_rr_local and post_rr_local", without("pre_rr_local", "post_rr_local")),
    "all": ("with the shape features too: all eleven", features(*FEATURES)),
    "template_mixing": (
        "without augmentation (other patients' templates, polarity, gain)",
        {f"train.template_mixing.{PROTOCOL}": 0.0},
    ),
}
"""What is taken out, in words, and how."""


def main(argv: list[str]) -> None:
    """Run one experiment an ingredient up to the fusion, and write the table when all are there."""
    parser = command_parser("study ablation", __doc__)
    parser.add_argument("model", nargs="?", default="cnn", choices=["cnn", "rnn"])
    model = parser.parse_args(argv).model
    refuse_changes()
    head = last_commit()
    rows = []
    for i, (name, (words, changes)) in enumerate(INGREDIENTS.items(), start=1):
        print(f"[{i}/{len(INGREDIENTS)}] {words}", flush=True)
        commit = run_experiment(f"ablation-{model}-{name}", changes, [f"calibrate@{PROTOCOL}-{model}"])
        card = read_json(commit, paths.fused(PROTOCOL, model))
        rows.append({"ingredient": f"{model.upper()}, {words}"} | {key: card[key] for key in ABLATION_SCORES})
    table = pd.DataFrame(rows).assign(commit=head)
    if paths.ABLATION.exists():  # the rows of the other network stay
        kept = read_table(paths.ABLATION)
        kept = kept[~kept["ingredient"].str.startswith(f"{model.upper()},")]
        table = pd.concat([table, kept] if model == "cnn" else [kept, table], ignore_index=True)
    write_text(paths.ABLATION, table.to_csv(index=False, float_format="%.5f", lineterminator="\n"))
    print(table.to_string(index=False, float_format="%.4f"))
    print(f"{paths.ABLATION}: {len(rows)} rows")
