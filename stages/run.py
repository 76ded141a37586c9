"""What every stage script needs around its `main()`: parameters, and one-line errors."""

import copy
import inspect
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, YAMLError

from arrhythmia.determinism import check_environment, warn_if_unsupported
from arrhythmia.errors import DataError
from arrhythmia.protocols import ARGUMENTS

KINDS = {
    "a text": (str, {"source", "kaggle_dir", "window", "method", "schedule", "network", "cell"}),
    "true or false": (bool, {"reference_beat"}),
    "a list": (list, {"protocols", "features", "loggers"}),
}
"""Parameters that are no number, by what they are."""

SHARED = ("seed", "threads", "loggers")
"""Parameters that cannot differ between protocols."""


def load_params(path: str | Path = "params.yaml") -> dict[str, Any]:
    """Read parameters.

    Raises:
        DataError: a value is of the wrong kind.
    """
    params = read_yaml(path)
    check_kinds(params, where=str(path))
    return params


def read_yaml(path: str | Path) -> Any:
    """Read a file by YAML 1.2 rules, as DVC does (PyYAML would read `1e-3` as a string)."""
    return YAML(typ="safe").load(Path(path))


def read_named_yaml(path: str | Path) -> Any:
    """Read a YAML file that somebody named on the command line.

    Raises:
        DataError: it is missing or no YAML.
    """
    try:
        return read_yaml(path)
    except FileNotFoundError as error:
        raise DataError(f"{path}: missing") from error
    except YAMLError as error:
        raise DataError(f"{path}: no YAML: {' '.join(str(error).split())}") from error


def check_kinds(params: dict[str, Any], *, where: str, above: str = "") -> None:
    """Refuse a text where a number belongs, and the like, before a library stumbles over it.

    Args:
        params: tree of parameters.
        where: the file, for messages.
        above: dotted name of the group that is looked at, with a dot at its end.

    Raises:
        DataError: a value is of the wrong kind.
    """
    for key, value in params.items():
        if isinstance(value, dict):
            by_protocol = set(value) & set(ARGUMENTS["protocol"])
            if by_protocol and (key in SHARED or set(value) != set(ARGUMENTS["protocol"])):
                said = "be one value" if key in SHARED else f"have {' and '.join(ARGUMENTS['protocol'])}"
                raise DataError(f"{where}: {above}{key} must {said}")
            check_kinds(value, where=where, above=f"{above}{key}.")
            continue
        # what differs between protocols has the name one level up
        knob = above.rstrip(".").rpartition(".")[2] if key in ARGUMENTS["protocol"] else key
        kind = next((kind for kind, (_, names) in KINDS.items() if knob in names), "a number")
        fits = isinstance(value, KINDS[kind][0]) if kind in KINDS else _is_number(value)
        if not fits:
            raise DataError(f"{where}: {above}{key} is {value!r}; it must be {kind}")


def flattened(params: dict[str, Any], *, above: str = "") -> dict[str, Any]:
    """Return the values of a tree by dotted name, such as `train.lr`."""
    values = {}
    for key, value in params.items():
        name = f"{above}{key}"
        values |= flattened(value, above=f"{name}.") if isinstance(value, dict) else {name: value}
    return values


def changed(params: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of the tree `params` with new values at dotted names."""
    params = copy.deepcopy(params)
    for name, value in changes.items():
        *groups, last = name.split(".")
        group = params
        for key in groups:
            group = group[key]
        group[last] = value
    return params


def of_protocol(params: dict[str, Any], protocol: str) -> dict[str, Any]:
    """Return a group of parameters with those that differ between protocols chosen for `protocol`."""
    return {key: value[protocol] if isinstance(value, dict) else value for key, value in params.items()}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def listen_for_interrupts() -> None:
    """Let Ctrl-C raise KeyboardInterrupt, now that all is loaded; where a shell ignores it, leave it so."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def run(main: Callable[..., None]) -> None:
    """Call `main` with the command line's arguments; an error or Ctrl-C ends in one line and exit code 1."""
    signature = inspect.signature(main)
    try:
        signature.bind(*sys.argv[1:])
    except TypeError:
        script = Path(sys.argv[0]).stem
        sys.exit(" ".join(["usage: python -m", f"stages.{script}", *map(str.upper, signature.parameters)]))
    for name, value in zip(signature.parameters, sys.argv[1:], strict=True):
        if value not in ARGUMENTS[name]:
            sys.exit(f"error: unknown {name} '{value}'; use {' or '.join(ARGUMENTS[name])}")
    listen_for_interrupts()
    warn_if_unsupported()
    try:
        check_environment()
        main(*sys.argv[1:])
    except DataError as error:
        sys.exit(f"error: {error}")
    except FileNotFoundError as error:
        sys.exit(f"error: {error.filename}: missing; run `dvc repro`")
    except KeyboardInterrupt:
        sys.exit("interrupted")


def run_command(main: Callable[[list[str]], None]) -> None:
    """Call `main` with the command line's arguments; an error or Ctrl-C ends in one line and exit code 1."""
    listen_for_interrupts()
    try:
        check_environment()
        main(sys.argv[1:])
    except DataError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted")
