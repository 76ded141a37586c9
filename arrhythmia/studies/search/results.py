"""What `arrhythmia tune` leaves behind: a table of the trials, pictures of the search, the best values."""

from typing import Any

import optuna
import pandas as pd
import yaml
from optuna.importance import FanovaImportanceEvaluator
from optuna.trial import FrozenTrial, TrialState
from optuna.visualization import matplotlib as draw

from arrhythmia import paths
from arrhythmia.figures.style import save_png
from arrhythmia.protocols import PROTOCOLS
from arrhythmia.studies.search.space import searchable, values_of
from arrhythmia.studies.search.trial import DONE
from arrhythmia.utils.files import write_text
from arrhythmia.utils.rounding import to_digits

SCORES = ("macro_f1_nsv", "f1_S", "f1_V", "j_kappa", "log_loss")


def write_results(study: optuna.Study, name: str, plan: dict[str, Any], params: dict[str, Any]) -> None:
    """Write `results/tuning_NAME.csv`, its pictures and `configs/tuned_NAME.yaml` to experiments/.

    Args:
        study: with the trials that there are; without a complete one, nothing but the table is written.
        name: of the plan.
        plan: a file of experiments/search/, as read.
        params: tree of params.yaml.
    """
    table = trials_table(study)
    path = paths.tuning_results(name)
    write_text(path, table.to_csv(index=False, lineterminator="\n"))
    print(f"{path}: {len(table)} trials")
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if not complete:
        return
    for picture, figure in pictures(study, plan["objective"]).items():
        save_png(path.with_name(f"{path.stem}_{picture}.png"), figure)
    path, best = paths.config(f"tuned_{name}"), study.best_trial
    write_text(path, config_text(study, name, plan, params))
    print(f"{path}: trial {best.number}, {plan['objective']} {best.value:.4f}")


def trials_table(study: optuna.Study) -> pd.DataFrame:
    """Return a row a trial that came to its end or was stopped, in their order.

    Columns are `trial`, `stopped` (why; empty for a complete one), `retry_of` (the trial that died with its
    worker, if one did), `epochs`, the scores of `SCORES` after the last of these, `parameters`, `seconds`,
    and the values that were tried.
    """
    return pd.DataFrame([row_of(trial) for trial in study.get_trials(deepcopy=False, states=DONE)])


def row_of(trial: FrozenTrial) -> dict[str, Any]:
    """Return the cells of a trial."""
    told = trial.user_attrs
    card = told.get("card", {})
    return {
        "trial": trial.number,
        "stopped": told.get("stopped", ""),
        "retry_of": optuna.storages.RetryHeartbeatStaleTrialCallback.retried_trial_number(trial),
        "epochs": told.get("epochs", 0),
        **{key: card.get(key) for key in SCORES},
        "parameters": told.get("parameters"),
        "seconds": round(trial.duration.total_seconds()),
        **{name: rounded(value) for name, value in trial.params.items()},
    }


def rounded(value: Any) -> Any:
    """Return a number with four significant digits, and anything else as it is."""
    return to_digits(value, 4) if isinstance(value, float) else value


def pictures(study: optuna.Study, objective: str) -> dict[str, Any]:
    """Return figures of the search by name: its course, the values tried, and what mattered.

    What mattered (fANOVA, Hutter 2014) takes a handful of complete trials to say anything; with fewer than
    four there is no such figure.
    """
    axes = {
        "history": draw.plot_optimization_history(study, target_name=objective),
        "values": draw.plot_parallel_coordinate(study, target_name=objective),
    }
    if len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))) >= 4:
        axes["importance"] = draw.plot_param_importances(
            study, evaluator=FanovaImportanceEvaluator(seed=0), target_name=objective
        )
    sizes = {"history": (8, 4.5), "values": (16, 6), "importance": (8, 4.5)}
    figures = {}
    for name, ax in axes.items():
        figures[name] = ax.figure
        figures[name].set_size_inches(sizes[name])
        figures[name].set_layout_engine("tight")
    return figures


def config_text(study: optuna.Study, name: str, plan: dict[str, Any], params: dict[str, Any]) -> str:
    """Return the best values as a config that `arrhythmia.studies.configs` runs.

    A parameter that differs between protocols gets its value under the name that counts for the plan's: that
    of inter_patient for all_patients, which follows it where it has none of its own.
    """
    best, done = study.best_trial, study.get_trials(deepcopy=False, states=DONE)
    present = next((trial for trial in done if "values" in trial.user_attrs), None)
    beside = f" (of params.yaml {present.value:.4f})" if present and present.value else ""
    names = searchable(params, name, plan["protocol"])
    own = {key.rpartition(".")[0]: key for key in names if key.endswith(tuple(PROTOCOLS))}
    values = {own.get(key, key): x for key, x in values_of(best.params, plan["space"]).items()}
    return (
        f"# {name.upper()} with the best values that `arrhythmia tune {name}` has found\n"
        "#\n"
        f"# {plan['objective']} of the held-out folds: {best.value:.4f} in trial {best.number} of "
        f"{len(done)}{beside}.\n"
        "# The best of many trials is luck in part: try it with other seeds before you believe it.\n"
        f"{yaml.safe_dump(nested(values), sort_keys=False)}"
    )


def nested(values: dict[str, Any]) -> dict[str, Any]:
    """Return values by dotted name as a tree, numbers with four significant digits."""
    tree: dict[str, Any] = {}
    for key, value in values.items():
        *groups, last = key.split(".")
        group = tree
        for part in groups:
            group = group.setdefault(part, {})
        group[last] = rounded(value)
    return tree
