"""Stage `train_forest PROTOCOL`: the baseline, a random forest on the features of rhythm and shape.

Fitting takes seconds, so the stage classifies the test beats too and stores no model: scikit-learn's own
format is pickle.
"""

import json

import numpy as np

from arrhythmia import paths
from arrhythmia.aami import CLASSES
from arrhythmia.ecg.beats import load_beats
from arrhythmia.features.table import columns_of
from arrhythmia.models.forest import forest_probabilities
from arrhythmia.params import load_params
from arrhythmia.protocols import PROTOCOLS
from arrhythmia.scoring.summary import cv_metrics
from arrhythmia.utils.files import load_arrays, save_arrays, write_text
from stages.run import run


def main(protocol: str) -> None:
    """Fit the forest on train and classify test; score it on each fold, fitted on the others."""
    settings = dict(load_params()["forest"])
    chosen = columns_of(settings.pop("features"))
    label, split = load_beats(paths.BEATS).label, load_arrays(paths.split(protocol))
    features = load_arrays(paths.FEATURES)["features"][:, chosen]
    write_cross_validated(protocol, features, label, split["train"], split["fold"], settings)
    probability, nodes = forest_probabilities(features, label, split["train"], split["test"], **settings)
    save_arrays(paths.predictions(protocol, "forest"), probability=probability, parameters=np.array(nodes))
    print(f"forest {protocol}: {nodes:,} nodes; {len(probability)} test beats classified")


def write_cross_validated(
    protocol: str,
    features: np.ndarray,
    label: np.ndarray,
    train: np.ndarray,
    fold: np.ndarray,
    settings: dict,
) -> None:
    """Write the scores on held-out folds, to choose by, as the networks do."""
    folds = int(fold.max()) + 1
    probability = np.zeros((len(train), len(CLASSES)))
    for number in range(folds):
        held_out = fold == number
        probability[held_out], _ = forest_probabilities(
            features, label, train[~held_out], train[held_out], **settings
        )
    card = cv_metrics(label[train], probability, protocol=PROTOCOLS[protocol], members=folds, temperature=1.0)
    write_text(paths.cross_validated(protocol, "forest"), json.dumps(card, indent=2) + "\n")


if __name__ == "__main__":
    run(main)
