"""What `train_cnn` and `train_rnn` share: training beats in; model, curves and cross-validated scores out."""

import json
import multiprocessing
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Any

import numpy as np

from arrhythmia import paths
from arrhythmia.aami import CLASSES
from arrhythmia.errors import DataError
from arrhythmia.params import load_params
from arrhythmia.protocols import PROTOCOLS, of_protocol
from arrhythmia.training import runtime
from arrhythmia.training.calibration import held_out_scores
from arrhythmia.training.logging import finish_wandb, mean_curves, start_wandb, write_curves
from arrhythmia.utils.files import load_arrays, write_text
from arrhythmia.utils.parallel import cores, end_with_parent
from arrhythmia.utils.progress import Progress

Builders = Callable[[], dict[str, Callable]]
"""Imports the functions that build networks, and returns them by the values of `network`; called where the
runtime is prepared, because importing Keras starts TensorFlow."""

Trained = tuple[list[np.ndarray], list[dict[str, float]], np.ndarray]
"""Of a network: weights, what was measured after each epoch, logits `(m, 5)` of the beats of its fold."""


def train(name: str, protocol: str, builders: Builders) -> None:
    """Train the network `name` under `protocol`, and save model, curves and scores.

    The model is an ensemble: of `train.ensemble_size` networks, or of one a fold where every patient is
    tested out of fold, each trained without a fold of its own. What each says about that fold gives the
    scores to choose by, and the temperature.

    Args:
        name: `cnn` or `rnn`: its group in params.yaml and the name of its files.
        protocol: which split.
        builders: of the networks.
    """
    params = load_params()
    settings = of_protocol(params["train"], protocol)
    threads = settings["threads"]
    runtime.prepare(threads=threads, seed=settings["seed"])
    from arrhythmia.training.ensemble import averaged
    from arrhythmia.training.serialization import save_model

    arrays = load_arrays(paths.normalized(protocol, "train"))
    fold, label = arrays.pop("fold"), arrays["label"]
    members = number_of_members(settings["ensemble_size"], protocol, fold)
    run = start_wandb(settings["loggers"], name, protocol, params)
    trained = train_members(name, protocol, builders, members=members, threads=threads)
    runtime.prepare(threads=threads, seed=settings["seed"])  # again: networks may have learnt in this process
    networks = [build(builders(), arrays, **of_protocol(params[name], protocol)) for _ in trained]
    for network, (weights, _, _) in zip(networks, trained, strict=True):
        network.set_weights(weights)
    held_out = fold < members
    logits = in_their_folds([answers for _, _, answers in trained], fold)[held_out]
    temperature, probability, scores = held_out_scores(
        logits, label[held_out], fold[held_out], protocol=PROTOCOLS[protocol], members=members
    )
    curves = mean_curves([history for _, history, _ in trained])
    write_curves(paths.training(protocol, name), curves)
    model = averaged(networks, temperature)
    save_model(model, paths.model(protocol, name))
    write_text(paths.cross_validated(protocol, name), json.dumps(scores, indent=2) + "\n")
    print(f"{name} {protocol}: {model.count_params():,} parameters; held-out folds: {scores}")
    if run:
        finish_wandb(run, curves, scores, label[held_out], probability)


def number_of_members(ensemble_size: int, protocol: str, fold: np.ndarray) -> int:
    """Return how many networks a model has: one a fold where every patient is tested out of fold.

    Args:
        ensemble_size: `train.ensemble_size` of the protocol, for the other protocols.
        protocol: which split.
        fold: `(n,)` fold of each training beat.
    """
    return int(fold.max()) + 1 if PROTOCOLS[protocol].out_of_fold else ensemble_size


def train_members(
    name: str, protocol: str, builders: Builders, *, members: int, threads: int
) -> list[Trained]:
    """Train the networks of a model, a process each, as many at once as there are cores for.

    What a network learns does not depend on how many learn beside it.

    Raises:
        DataError: as `train_member`, or a process was killed.
    """
    workers = min(members, max(cores() // threads, 1))
    one = partial(train_member, name, protocol, builders, members=members, workers=workers)
    with processes(workers) as pool:
        try:
            return list(pool.map(one, range(members)))
        except BrokenProcessPool as error:
            raise DataError(
                f"{name} {protocol}: a process was killed, as the system does when memory runs out; "
                "close other programs, or train one network at a time: `ARRHYTHMIA_CORES=1 dvc repro`"
            ) from error


def in_their_folds(answers: list[np.ndarray], fold: np.ndarray) -> np.ndarray:
    """Return `(n, 5)` logits of all beats: of each fold, what the network of its number says; NaN in others.

    Args:
        answers: of each network, the logits of the beats of its fold.
        fold: `(n,)` fold of each beat.
    """
    logits = np.full((len(fold), len(CLASSES)), np.nan)
    for member, of_fold in enumerate(answers):
        logits[fold == member] = of_fold
    return logits


def processes(workers: int) -> Executor:
    """Return what trains networks in processes of their own, `workers` at once; tests have another here."""
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=end_with_parent)


def train_member(
    name: str, protocol: str, builders: Builders, member: int, *, members: int, workers: int
) -> Trained:
    """Train one network, without the fold of its number; in a process of its own, several can learn at once.

    Args:
        name: as for `train`.
        protocol: as for `train`.
        builders: as for `train`.
        member: number of the network, from 0.
        members: number of networks in the model.
        workers: number of networks that learn at the same time, which tells how many come after this one.

    Raises:
        DataError: a parameter has an impossible value, or the training came to nothing.
    """
    params = load_params()
    settings = settings_of_member(params, protocol, member)
    runtime.prepare(threads=params["train"]["threads"], seed=settings["seed"])
    from arrhythmia.models.layers import BATCH, inputs_of
    from arrhythmia.training.fit import train_epochs

    arrays = load_arrays(paths.normalized(protocol, "train"))
    fold = arrays.pop("fold")
    rest, held_out = (
        {key: x[rows] for key, x in arrays.items()} for rows in (fold != member, fold == member)
    )
    history: list[dict[str, float]] = []
    what, epochs = f"{name} {protocol} network {member + 1} of {members}", settings["epochs"]
    progress = Progress(what, epochs, "epochs", long=True, after=epochs * ((members - 1 - member) // workers))
    try:
        network = build(builders(), rest, **of_protocol(params[name], protocol))
        for values in train_epochs(network, rest, held_out, **settings):
            history.append(values)
            words = "  ".join(f"{key} {value:.4g}" for key, value in values.items())
            progress.step(note=words)
    except ValueError as error:  # a size that this network cannot have
        raise DataError(f"params.yaml: {error}") from error
    logits = network.predict(inputs_of(network, held_out), batch_size=BATCH, verbose=0)["logits"]
    if not np.isfinite(logits).all():
        raise DataError("params.yaml: the network's answers are not numbers; lower train.lr")
    return network.get_weights(), history, logits


def settings_of_member(params: dict[str, Any], protocol: str, member: int) -> dict[str, Any]:
    """Return what `arrhythmia.training.fit.train_epochs` takes for the network of this number."""
    settings = of_protocol(params["train"], protocol)
    for name in ("ensemble_size", "threads", "loggers"):
        del settings[name]
    return settings | {"seed": settings["seed"] + 1000 * member}


def build(builders: dict[str, Callable], arrays: dict[str, np.ndarray], *, network: str, **settings: Any):
    """Build the network called `network`; those of the literature have sizes of their own.

    Raises:
        ValueError: there is no such network.
    """
    if network not in builders:
        raise ValueError(f"network is '{network}'; use one of {', '.join(builders)}")
    length, channels = arrays["waveform"].shape[1:]
    if network in ("residual", "patches"):
        return builders[network](length, channels, arrays["features"].shape[1], **settings)
    return builders[network](length, channels)
