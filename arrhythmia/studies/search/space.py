"""What a search for better parameters varies, and how Optuna is asked for it."""

from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from arrhythmia.errors import DataError
from arrhythmia.protocols import of_protocol

Space = dict[str, dict[str, Any]]
"""By dotted name of a parameter: `low` and `high`, with `log` or `step` if wanted, or `choices`, a list or a
mapping from short names to long values."""

KEYS = ({"low", "high"}, {"low", "high", "log"}, {"low", "high", "step"}, {"choices"})
"""What a parameter of the space may be described by."""


def check_space(space: Space, current: dict[str, Any], *, where: str) -> None:
    """Refuse a space that cannot be searched.

    Args:
        space: see `Space`.
        current: value that each parameter has now, by dotted name; it is the first trial, so the space must
            hold it.
        where: the file, for messages.

    Raises:
        DataError: what is wrong, with the name of the parameter.
    """
    for name, bounds in space.items():
        if not isinstance(bounds, dict) or set(bounds) not in KEYS:
            raise DataError(f"{where}: {name}: give low and high (and log or step), or choices")
        if name not in current:
            raise DataError(f"{where}: {name}: not to be searched; there is {', '.join(current)}")
        if twin := next((other for other in space if other.startswith(f"{name}.")), None):
            raise DataError(f"{where}: {name} and {twin} are one parameter; give one of them")
        try:
            distribution(bounds)
            holds = _holds(bounds, current[name])
        except (ValueError, TypeError) as error:
            raise DataError(f"{where}: {name}: {error}") from error
        if not holds:
            raise DataError(f"{where}: {name}: params.yaml has {current[name]}, outside; widen the space")


def distribution(bounds: dict[str, Any]) -> BaseDistribution:
    """Return what Optuna calls the range or the choices of a parameter.

    Raises:
        ValueError: the range is empty, or what is given does not fit together.
        TypeError: a choice or a bound is of the wrong kind.
    """
    if "choices" in bounds:
        if not isinstance(bounds["choices"], dict | list) or not bounds["choices"]:
            raise ValueError("choices must be a list or a mapping")
        if isinstance(bounds["choices"], list) and any(isinstance(x, dict | list) for x in bounds["choices"]):
            raise ValueError("lists among the choices need short names: give a mapping")
        return CategoricalDistribution(list(values_by_label(bounds["choices"])))
    if any(isinstance(value, str) for value in bounds.values()):
        raise TypeError("low, high and step must be numbers")
    if not bounds["low"] < bounds["high"]:
        raise ValueError("low must be below high")
    if "step" not in bounds:
        return FloatDistribution(**bounds)
    if not all(isinstance(value, int) for value in bounds.values()) or bounds["step"] < 1:
        raise ValueError("with step all three must be whole numbers, and step above 0")
    return IntDistribution(**bounds)


def _holds(bounds: dict[str, Any], value: Any) -> bool:
    if "choices" in bounds:
        return value in values_by_label(bounds["choices"]).values()
    return isinstance(value, int | float) and bounds["low"] <= value <= bounds["high"]


def values_by_label(choices: list | dict[str, Any]) -> dict[Any, Any]:
    """Return the choices by what stands for them in tables; a value of a list stands for itself."""
    return choices if isinstance(choices, dict) else {value: value for value in choices}


def short_names(space: Space, values: dict[str, Any]) -> dict[str, Any]:
    """Return `values`, by dotted name, with choices as they are called in the space."""
    labels = {}
    for name, bounds in space.items():
        by_label = values_by_label(bounds.get("choices", []))
        labels[name] = next(
            (label for label, value in by_label.items() if value == values[name]), values[name]
        )
    return labels


def suggest(trial: optuna.Trial, space: Space) -> dict[str, Any]:
    """Let Optuna choose a value for every parameter of the space.

    Returns:
        Values by dotted name.
    """
    chosen: dict[str, Any] = {}
    for name, bounds in space.items():
        if "choices" in bounds:
            chosen[name] = trial.suggest_categorical(name, list(values_by_label(bounds["choices"])))
        elif "step" in bounds:
            chosen[name] = trial.suggest_int(name, **bounds)
        else:
            chosen[name] = trial.suggest_float(name, **bounds)
    return values_of(chosen, space)


def values_of(chosen: dict[str, Any], space: Space) -> dict[str, Any]:
    """Return what Optuna chose with the values that short names stand for: the opposite of `short_names`."""
    return {
        name: values_by_label(space[name]["choices"])[value] if "choices" in space[name] else value
        for name, value in chosen.items()
    }


def searchable(params: dict[str, Any], model: str, protocol: str) -> dict[str, Any]:
    """Return the parameters that need no other beats, with their values: training, network, features.

    One that differs between protocols goes by its plain name, and by that with the protocol at its end whose
    value counts: all_patients follows inter_patient where it has none of its own.
    """
    features = {"features": params["normalize"]["features"]}
    groups = {"train": params["train"], model: params[model], "normalize": features}
    fixed = {"train.seed", "train.threads", "train.loggers"}
    names = {}
    for group, settings in groups.items():
        for key, value in of_protocol(settings, protocol).items():
            names[f"{group}.{key}"] = value
            if isinstance(settings[key], dict):
                counts = protocol if protocol in settings[key] else "inter_patient"
                names[f"{group}.{key}.{counts}"] = value
    return {name: value for name, value in names.items() if name not in fixed}
