"""Stage `baseline PROTOCOL`: fit and score the random forest on the features of rhythm and shape.

Fitting takes seconds, so one stage does both and stores no model: scikit-learn's own format is pickle.
"""

import json

import numpy as np

from arrhythmia import paths
from arrhythmia.aami import CLASSES
from arrhythmia.ecg.beats import load_beats
from arrhythmia.features.table import beat_features, columns_of
from arrhythmia.features.template import reference_beat
from arrhythmia.models.forest import forest_probabilities
from arrhythmia.params import load_params
from arrhythmia.protocols import RULES
from arrhythmia.scoring.summary import training_card
from arrhythmia.utils.files import load_arrays, write_text
from stages.run import run
from stages.scores import write_scores


def main(protocol: str) -> None:
    """Fit the forest on train, score it on test; and on each fold, fitted on the others."""
    params = load_params()
    knobs = dict(params["forest"])
    chosen = columns_of(knobs.pop("features"))
    beats, split = load_beats(paths.BEATS), load_arrays(paths.split(protocol))
    reference = reference_beat(beats.waveform, beats.rr[:, int(beats.rr_before) - 1], beats.record)
    features = beat_features(beats, reference)[:, chosen]
    write_cross_validated(protocol, features, beats.label, split["train"], split["fold"], knobs)
    probability, nodes = forest_probabilities(features, beats.label, split["train"], split["test"], **knobs)
    write_scores(
        protocol,
        "forest",
        beats=beats,
        test=split["test"],
        probability=probability,
        parameters=nodes,
        **params["evaluate"],
    )


def write_cross_validated(
    protocol: str, features: np.ndarray, label: np.ndarray, train: np.ndarray, fold: np.ndarray, knobs: dict
) -> None:
    """Write the scores on held-out folds, to choose by, as the networks do."""
    folds = int(fold.max()) + 1
    probability = np.zeros((len(train), len(CLASSES)))
    for number in range(folds):
        held_out = fold == number
        probability[held_out], _ = forest_probabilities(
            features, label, train[~held_out], train[held_out], **knobs
        )
    card = training_card(label[train], probability, rules=RULES[protocol], members=folds, temperature=1.0)
    write_text(paths.cross_validated(protocol, "forest"), json.dumps(card, indent=2) + "\n")


if __name__ == "__main__":
    run(main)
