"""Stage `train_forest PROTOCOL`: the baseline, a random forest on the features of rhythm and shape.

Fitting takes seconds, so the stage classifies the test beats too and stores no model: scikit-learn's own
format is pickle.
"""

import json

import numpy as np

from arrhythmia import paths
from arrhythmia.ecg.beats import load_beats
from arrhythmia.features.table import columns_of
from arrhythmia.models.forest import forest_probabilities, held_out_probabilities
from arrhythmia.params import load_params
from arrhythmia.protocols import PROTOCOLS
from arrhythmia.scoring.summary import cv_metrics
from arrhythmia.utils.files import load_arrays, save_arrays, write_text
from arrhythmia.utils.progress import Progress
from stages.run import run


def main(protocol: str) -> None:
    """Score the forest on each fold, fitted on the others; fit it on train and classify test."""
    settings = dict(load_params()["forest"])
    chosen = columns_of(settings.pop("features"))
    label, split = load_beats(paths.BEATS).label, load_arrays(paths.split(protocol))
    features = load_arrays(paths.FEATURES)["features"][:, chosen]
    folds = int(split["fold"].max()) + 1
    progress = Progress(f"forest {protocol}", folds + 1, "forests")
    held_out = held_out_probabilities(
        features, label, split["train"], split["fold"], settings, on_forest=progress.step
    )
    card = cv_metrics(label[split["train"]], held_out, protocol=PROTOCOLS[protocol])
    probability, nodes = forest_probabilities(features, label, split["train"], split["test"], **settings)
    if PROTOCOLS[protocol].out_of_fold:
        probability = held_out
    write_text(paths.cross_validated(protocol, "forest"), json.dumps(card, indent=2) + "\n")
    save_arrays(paths.predictions(protocol, "forest"), probability=probability, parameters=np.array(nodes))
    print(f"forest {protocol}: {nodes:,} nodes; {len(probability)} test beats classified")


if __name__ == "__main__":
    run(main)
