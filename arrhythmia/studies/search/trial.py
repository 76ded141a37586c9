"""One trial of `arrhythmia tune`: a model's networks, trained side by side and judged after every epoch."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import optuna
from optuna.trial import TrialState

from arrhythmia import paths
from arrhythmia.aami import CLASSES
from arrhythmia.ecg.beats import load_beats
from arrhythmia.errors import DataError
from arrhythmia.features.table import FEATURES, columns_of
from arrhythmia.params import changed, checked
from arrhythmia.preprocessing.inputs import fit_preprocessor, model_inputs
from arrhythmia.protocols import PROTOCOLS, of_protocol
from arrhythmia.studies.networks import networks_of
from arrhythmia.studies.search.space import suggest
from arrhythmia.training.calibration import held_out_scores
from arrhythmia.training.cross_validation import build, number_of_members, settings_of_member
from arrhythmia.utils.files import load_arrays

DONE = (TrialState.COMPLETE, TrialState.PRUNED)
"""States of the trials that count."""


def score(
    trial: optuna.Trial,
    name: str,
    plan: dict[str, Any],
    params: dict[str, Any],
    arrays: dict[str, np.ndarray],
) -> float:
    """Train with the values that Optuna suggests, and return the objective on the held-out folds.

    What is known after the last epoch is kept in the trial: `epochs`, `card`, and if it did not end by itself
    `stopped`, the reason.

    Args:
        trial: asked for values, told the objective after every epoch.
        name: `cnn` or `rnn`.
        plan: a file of experiments/search/, as read.
        params: tree of params.yaml.
        arrays: from `training_beats`.

    Raises:
        optuna.TrialPruned: the values do not fit together, or the model is too large, has diverged or
            promises little.
        DataError: a parameter has an impossible value.
    """
    protocol = plan["protocol"]
    params = changed(params, suggest(trial, plan["space"])) | {"protocols": [protocol]}
    try:
        params = checked(params, where="its values")
    except DataError as error:  # each is possible, but not beside the others
        stop(trial, str(error))
    try:
        parameters, cards = begin_training(name, protocol, params, arrays)
        trial.set_user_attr("parameters", parameters)
        if parameters > plan["max_parameters"]:
            stop(trial, f"{parameters:,} parameters")
        objective = np.nan
        for epoch, card in enumerate(cards, start=1):
            trial.set_user_attr("epochs", epoch)
            trial.set_user_attr("card", card)
            objective = card[plan["objective"]]
            trial.report(objective, epoch)
            if trial.should_prune():
                stop(trial, "below the median")
    except FloatingPointError:
        stop(trial, "diverged")
    except ValueError as error:  # a size that this network cannot have
        raise DataError(f"params.yaml or the plan: {error}") from error
    return objective


def training_beats(protocol: str, params: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return what the stage normalize makes of the training beats, but with all features there are."""
    beats, split = load_beats(paths.BEATS), load_arrays(paths.split(protocol))
    settings = of_protocol(params["normalize"], protocol) | {"features": list(FEATURES)}
    table = load_arrays(paths.FEATURES)["features"]
    inputs = model_inputs(beats, table, fit_preprocessor(beats, split["train"], **settings))
    inputs["label"] = beats.label
    return {name: values[split["train"]] for name, values in inputs.items()} | {"fold": split["fold"]}


def begin_training(
    name: str, protocol: str, params: dict[str, Any], arrays: dict[str, np.ndarray]
) -> tuple[int, Iterator[dict[str, Any]]]:
    """Build the networks of a model, which are trained as the scores are asked for.

    Args:
        name: `cnn` or `rnn`.
        protocol: whose parameters are taken, and how scores are counted.
        params: tree of params.yaml.
        arrays: from `training_beats`.

    Returns:
        The number of parameters of all networks together, and what `train_together` yields.

    Raises:
        ValueError: a network has an impossible size.
    """
    chosen = columns_of(of_protocol(params["normalize"], protocol)["features"])
    arrays = arrays | {"features": arrays["features"][:, chosen]}
    networks = build_members(name, protocol, params, arrays)
    parameters = sum(network.count_params() for network in networks)
    return parameters, train_together(networks, params, protocol, arrays)


def stop(trial: optuna.Trial, reason: str) -> None:
    """End the trial before its last epoch.

    Raises:
        optuna.TrialPruned: always.
    """
    trial.set_user_attr("stopped", reason)
    raise optuna.TrialPruned


def build_members(name: str, protocol: str, params: dict[str, Any], arrays: dict[str, np.ndarray]) -> list:
    """Build the networks of a model with the seeds that `arrhythmia.training.cross_validation` gives them."""
    import keras

    keras.backend.clear_session()
    size, networks = of_protocol(params["train"], protocol)["ensemble_size"], []
    for member in range(number_of_members(size, protocol, arrays["fold"])):
        keras.utils.set_random_seed(settings_of_member(params, protocol, member)["seed"])
        networks.append(build(networks_of(name), arrays, **of_protocol(params[name], protocol)))
    return networks


def train_together(
    networks: list, params: dict[str, Any], protocol: str, arrays: dict[str, np.ndarray]
) -> Iterator[dict[str, Any]]:
    """Take the networks through the epochs together, each without the fold of its number.

    Args:
        networks: of one model.
        params: tree of params.yaml.
        protocol: whose parameters are taken, and how scores are counted.
        arrays: normalized training beats, with their folds.

    Yields:
        After each epoch what the model's cv card would say (see `summary.cv_metrics`).

    Raises:
        FloatingPointError: an answer is not a number.
    """
    from arrhythmia.models.layers import BATCH, inputs_of
    from arrhythmia.training.fit import train_epochs

    fold, label = arrays["fold"], arrays["label"]
    beats = {key: x for key, x in arrays.items() if key != "fold"}
    runs = [
        train_epochs(
            network,
            {key: x[fold != member] for key, x in beats.items()},
            None,
            **settings_of_member(params, protocol, member),
        )
        for member, network in enumerate(networks)
    ]
    judged = fold < len(networks)
    logits = np.zeros((len(fold), len(CLASSES)))
    for _ in zip(*runs, strict=True):
        for member, network in enumerate(networks):
            held_out = {key: x[fold == member] for key, x in beats.items()}
            answers = network.predict(inputs_of(network, held_out), batch_size=BATCH, verbose=0)
            logits[fold == member] = answers["logits"]
        if not np.isfinite(logits).all():
            raise FloatingPointError
        yield held_out_scores(
            logits[judged],
            label[judged],
            fold[judged],
            protocol=PROTOCOLS[protocol],
            members=len(networks),
        )[2]
