"""Where a training's curves go: files by dvclive, always, and Weights & Biases if `train.loggers` says so."""

import importlib.util
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from arrhythmia.aami import CLASSES
from arrhythmia.errors import DataError, one_line
from arrhythmia.params import flattened
from arrhythmia.utils.rounding import to_digits

DIGITS = 6
"""Significant digits of a curve; a float32 mean over the beats of an epoch is not known finer."""
REMEDY = "or take wandb out of train.loggers"


def mean_curves(histories: list[list[dict[str, float]]]) -> list[dict[str, float]]:
    """Return what was measured after each epoch, means over the networks, by names such as `val/loss`.

    Args:
        histories: of each network: after each epoch, `loss` and the like of the training beats, the same with
            `val_` before them of the held-out fold, and `lr`.
    """
    curves = []
    for epoch in zip(*histories, strict=True):
        means = {key: to_digits(np.mean([values[key] for values in epoch]), DIGITS) for key in epoch[0]}
        curves.append({_curve_name(key): mean for key, mean in means.items()})
    return curves


def _curve_name(key: str) -> str:
    if key == "lr":
        return key
    return f"val/{key[4:]}" if key.startswith("val_") else f"train/{key}"


def write_curves(folder: Path, curves: list[dict[str, float]]) -> None:
    """Write the training curves with dvclive; whole or, if that fails, not at all.

    Where DVC knows a token for Studio, dvclive sends them there, under the names that the files have.
    """
    from dvclive import Live

    shutil.rmtree(folder, ignore_errors=True)
    try:
        with Live(str(folder), dvcyaml=None, save_dvc_exp=False) as live:
            live.step = 1  # epochs are counted from 1
            for means in curves:
                for name, mean in means.items():
                    live.log_metric(name, mean)
                live.next_step()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def start_wandb(loggers: list[str], name: str, protocol: str, params: dict[str, Any]) -> Any | None:
    """Start a run of Weights & Biases with the parameters, if it is among the loggers.

    Called before the training, so that a missing package or login costs nobody an hour. Runs of one DVC
    experiment are one group. `WANDB_MODE=offline` needs no login.

    Returns:
        The run, for `finish_wandb`; None if the logger is not asked for.

    Raises:
        DataError: no package, no login, or no answer.
    """
    if "wandb" not in loggers:
        return None
    if importlib.util.find_spec("wandb") is None:
        raise DataError(f"wandb is not installed; `pip install wandb`, {REMEDY}")
    return wandb_run(
        f"set WANDB_MODE=offline, {REMEDY}",
        group=os.environ.get("DVC_EXP_NAME"),
        name=f"{name} {protocol}",
        config={"model": name, "protocol": protocol} | flattened(params),
    )


def wandb_run(remedy: str, **fields: Any) -> Any:
    """Start a run of Weights & Biases, in the project `WANDB_PROJECT` or `arrhythmia`; an agent has its own.

    Args:
        remedy: what helps if it does not start, for the message.
        fields: what else `wandb.init` takes.

    Raises:
        DataError: no login, or no answer.
    """
    import wandb

    try:
        if wandb.setup().settings.mode == "online" and not wandb.login(prompt=False):
            raise DataError(f"no login for wandb; `wandb login`, or {remedy}")
        return wandb.init(
            project=os.environ.get("WANDB_PROJECT", "arrhythmia"),
            settings=wandb.Settings(console="off", save_code=False),
            **fields,
        )
    except wandb.errors.Error as error:
        raise DataError(f"wandb does not start ({one_line(error)}); `wandb login`, or {remedy}") from error


def finish_wandb(
    run: Any,
    curves: list[dict[str, float]],
    scores: dict[str, Any],
    label: np.ndarray,
    probability: np.ndarray,
) -> None:
    """Log curves, scores and confusion matrix of the held-out folds to the run, and end it.

    Args:
        run: of `start_wandb`.
        curves: of `mean_curves`.
        scores: scores by name.
        label: `(n,)` labels 0..4 of the held-out beats.
        probability: `(n, 5)` of these beats.
    """
    from wandb.plot import confusion_matrix

    for epoch, means in enumerate(curves, start=1):
        run.log(means, step=epoch)
    chart = confusion_matrix(
        y_true=label.tolist(),
        preds=probability.argmax(axis=1).tolist(),
        class_names=list(CLASSES),
        title="Held-out folds",
    )
    run.log({"confusion": chart}, step=len(curves))
    run.summary.update(scores)
    run.finish()
