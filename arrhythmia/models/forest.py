"""The classical baseline: a random forest on the features of rhythm and shape."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from arrhythmia.aami import CLASSES
from arrhythmia.models.class_weights import class_weights


def forest_probabilities(
    features: np.ndarray,
    label: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    *,
    trees: int,
    min_leaf: int,
    class_weight_power: float,
    seed: int,
) -> tuple[np.ndarray, int]:
    """Fit a random forest on the training rows and classify the test rows.

    In the manner of Saenz-Cogollo & Agelli 2020 (Algorithms 13:75), who have 40 trees on six features; the
    features are not theirs.

    Args:
        features: `(n, columns)` of all beats.
        label: `(n,)` classes.
        train: rows to fit.
        test: rows to classify.
        trees: number of trees.
        min_leaf: beats in a leaf at the least.
        class_weight_power: see `class_weights`.
        seed: seed of the forest.

    Returns:
        Probabilities `(len(test), 5)`, and the number of nodes of all trees.
    """
    weight = dict(enumerate(class_weights(label[train], class_weight_power)))
    forest = RandomForestClassifier(
        trees, min_samples_leaf=min_leaf, class_weight=weight, random_state=seed, n_jobs=2
    )
    forest.fit(features[train], label[train])
    forest.set_params(n_jobs=1)  # threads would add the trees up in another order, and round differently
    probability = np.zeros((len(test), len(CLASSES)))
    probability[:, forest.classes_] = forest.predict_proba(features[test])
    return probability, sum(tree.tree_.node_count for tree in forest.estimators_)


def held_out_probabilities(
    features: np.ndarray,
    label: np.ndarray,
    train: np.ndarray,
    fold: np.ndarray,
    settings: dict[str, Any],
    *,
    on_forest: Callable[[], object],
) -> np.ndarray:
    """Classify each training row by a forest that has been fitted without the row's fold.

    Args:
        features: `(n, columns)` of all beats.
        label: `(n,)` classes.
        train: training rows.
        fold: `(len(train),)` fold of each.
        settings: of `forest_probabilities`.
        on_forest: called after each forest.

    Returns:
        Probabilities `(len(train), 5)`.
    """
    probability = np.zeros((len(train), len(CLASSES)))
    for number in np.unique(fold):
        rows = fold == number
        probability[rows], _ = forest_probabilities(features, label, train[~rows], train[rows], **settings)
        on_forest()
    return probability
