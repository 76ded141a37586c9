"""Measure how long a network trains until it passes macro-F1 0.918 on the Kaggle test fold.

arrhythmia study time-to-quality cnn        # cnn or rnn: the workspace's parameters and arrays
arrhythmia study time-to-quality kachuee    # the arrays of an experiment of `arrhythmia study baselines`

Here alone the test beats are looked at after every epoch, to read a clock. Nothing is chosen by it, and the
network is thrown away. Seconds are those of training on 2 threads, without scoring and without reading data.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

from arrhythmia import paths
from arrhythmia.command_line import command_parser
from arrhythmia.errors import DataError
from arrhythmia.params import load_params
from arrhythmia.protocols import of_protocol
from arrhythmia.scoring import metrics
from arrhythmia.studies.baselines import CONFIGS, experiment_name, write_rows
from arrhythmia.studies.experiments import find_experiment, read_params
from arrhythmia.studies.networks import networks_of
from arrhythmia.studies.programs import run_dvc
from arrhythmia.training import runtime
from arrhythmia.utils.files import load_arrays

PROTOCOL = "intra_patient"
SIDES = ("train", "test")
QUALITY = 0.918
"""Macro-F1 over five classes that the CNN of this pipeline's predecessor reached on the same beats."""

THREADS = 2
"""Fixed, whatever train.threads says: the clock is about a machine with two cores."""

NAMES = ["cnn", "rnn", *(name for name, model in CONFIGS.items() if model != "forest")]


def main(argv: list[str]) -> None:
    """Train, print the clock after each epoch, and write it to the table of baselines."""
    parser = command_parser("study time-to-quality", __doc__)
    parser.add_argument("name", choices=NAMES)
    name = parser.parse_args(argv).name
    params, arrays = of_workspace() if name not in CONFIGS else of_experiment(name)
    runtime.prepare(threads=THREADS, seed=params["train"]["seed"])
    model = build(CONFIGS.get(name, name), params, arrays["train"])
    from arrhythmia.training.cross_validation import settings_of_member

    settings = settings_of_member(params, PROTOCOL, 0)
    print("epoch  seconds  macro-F1", flush=True)
    history = timed_training(model, arrays["train"], arrays["test"], settings)
    passed = seconds_to(QUALITY, history)
    said = "not passed" if passed is None else f"{passed:.1f}"
    print(f"{name}: macro-F1 {QUALITY}: {said}{' s' if passed is not None else ''}")
    row = {"train_seconds": f"{history[-1][0]:.1f}", "seconds_to_0918": said}
    write_rows([{"name": name, "protocol": PROTOCOL, **row}])


def of_workspace() -> tuple[dict[str, Any], dict[str, dict]]:
    """Return the parameters of the workspace, and its arrays `train` and `test`."""
    return load_params(), {side: load_arrays(paths.normalized(PROTOCOL, side)) for side in SIDES}


def of_experiment(name: str) -> tuple[dict[str, Any], dict[str, dict]]:
    """Return the parameters of an experiment, and its arrays `train` and `test` out of DVC's cache.

    Raises:
        DataError: the last commit has no such experiment, or its arrays are no longer in the cache.
    """
    again = f"run `arrhythmia study baselines --only {name}`"
    commit = find_experiment(experiment_name(name))
    if not commit:
        raise DataError(f"experiment '{name}' is missing; {again}")
    arrays = {}
    with tempfile.TemporaryDirectory() as folder:
        for side in SIDES:
            source, copy = paths.normalized(PROTOCOL, side).as_posix(), Path(folder, f"{side}.npz")
            if run_dvc(["get", "--quiet", ".", source, "--rev", commit, "-o", str(copy)]):
                raise DataError(f"experiment '{name}': its arrays are not in DVC's cache; {again}")
            arrays[side] = load_arrays(copy)
    return read_params(commit), arrays


def build(model: str, params: dict[str, Any], arrays: dict):
    """Build the network that `params` describe for these arrays."""
    from arrhythmia.training import cross_validation

    return cross_validation.build(networks_of(model), arrays, **of_protocol(params[model], PROTOCOL))


def timed_training(model, train: dict, test: dict, settings: dict[str, Any]) -> list[tuple[float, float]]:
    """Train `model`, and score the test beats after each epoch while the clock stands still.

    Args:
        model: takes the arrays' inputs, gives five logits.
        train: normalized arrays to learn from.
        test: normalized arrays to score.
        settings: see `arrhythmia.training.fit.train_epochs`.

    Returns:
        Seconds of training so far and macro-F1 over five classes, for each epoch.
    """
    from arrhythmia.models.layers import BATCH, inputs_of
    from arrhythmia.training.fit import train_epochs

    history: list[tuple[float, float]] = []
    scoring_time = 0.0
    start = time.perf_counter()
    for _ in train_epochs(model, train, None, **settings):
        now = time.perf_counter()
        logits = model.predict(inputs_of(model, test), batch_size=BATCH, verbose=0)["logits"]
        counts = metrics.confusion(test["label"], logits.argmax(axis=1))
        history.append((now - start - scoring_time, float(metrics.macro_f1(counts, "NSVFQ"))))
        print(f"{len(history):5}  {history[-1][0]:7.1f}  {history[-1][1]:8.4f}", flush=True)
        scoring_time += time.perf_counter() - now
    return history


def seconds_to(quality: float, history: list[tuple[float, float]]) -> float | None:
    """Return the seconds at which macro-F1 first reached `quality`; None if it never did."""
    return next((seconds for seconds, macro_f1 in history if macro_f1 >= quality), None)
