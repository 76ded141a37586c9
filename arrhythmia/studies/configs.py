"""Run a config, a file of `experiments/configs/` that changes a few parameters, as a DVC experiment.

arrhythmia experiment experiments/configs/kachuee.yaml              # the whole pipeline
arrhythmia experiment experiments/configs/kachuee.yaml train_cnn    # up to one stage
arrhythmia experiment experiments/configs/kachuee.yaml -- --temp    # options of `dvc exp run`
arrhythmia experiment experiments/configs/kachuee.yaml --print      # say the command only
"""

import re
import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from arrhythmia.command_line import command_parser
from arrhythmia.errors import DataError
from arrhythmia.params import load_params, read_named_yaml
from arrhythmia.protocols import ARGUMENTS
from arrhythmia.studies.programs import run_dvc

Changes = dict[str, Any]
"""New values by dotted name, such as `train.lr`."""


def main(argv: list[str]) -> None:
    """Run `dvc exp run` with the config's values, or print the command."""
    options: list[str] = []
    if "--" in argv:
        cut = argv.index("--")
        argv, options = argv[:cut], argv[cut + 1 :]
    parser = command_parser(
        "experiment", __doc__, epilog="after --: options of `dvc exp run`, such as --temp"
    )
    parser.add_argument("config", type=Path, help="such as experiments/configs/kachuee.yaml")
    parser.add_argument("targets", nargs="*", help="stages to run up to; none: the whole pipeline")
    parser.add_argument("--print", action="store_true", help="only print the command")
    asked = parser.parse_intermixed_args(argv)
    changes = read_config(asked.config, load_params())
    command = experiment_words(asked.config.stem, changes, asked.targets, options)
    if asked.print:
        print(shlex.join(["dvc", *command]))
    else:
        sys.exit(run_dvc(command))


def read_config(path: Path, params: dict[str, Any]) -> Changes:
    """Read a config, and check that it names parameters that exist.

    Args:
        path: a YAML file with a part of the tree of params.yaml.
        params: all parameters.

    Raises:
        DataError: the file is missing or no tree, or a name in it is unknown.
    """
    config = read_named_yaml(path)
    if not isinstance(config, dict):
        raise DataError(f"{path}: names no parameter; write them as in params.yaml")
    return flatten(config, params, where=str(path))


def flatten(config: dict[str, Any], params: dict[str, Any], *, where: str, above: str = "") -> Changes:
    """Return the values of a tree by dotted name.

    Args:
        config: tree of new values.
        params: tree of all parameters; what is a group here must be one in `config`.
        where: the file, for messages.
        above: dotted name of the group that is looked at, with a dot at its end.

    Raises:
        DataError: a name is unknown, or a value stands where a group belongs.
    """
    changes = {}
    for key, value in config.items():
        name = f"{above}{key}"
        if key not in params:
            raise DataError(f"{where}: params.yaml has no {name}; there is {', '.join(map(str, params))}")
        by_protocol = isinstance(params[key], dict) and set(params[key]) <= set(ARGUMENTS["protocol"])
        if by_protocol and not isinstance(value, dict):  # for all; DVC takes no list for a group
            changes |= {f"{name}.{protocol}": value for protocol in params[key]}
            continue
        if isinstance(params[key], dict) != isinstance(value, dict):
            said = "a group with " + ", ".join(params[key]) if isinstance(params[key], dict) else "one value"
            raise DataError(f"{where}: {name} is {said} in params.yaml")
        if isinstance(value, dict):
            changes |= flatten(value, params[key], where=where, above=f"{name}.")
        else:
            changes[name] = value
    return changes


def experiment_words(
    name: str, changes: Changes, targets: Iterable[str], options: Sequence[str]
) -> list[str]:
    """Return the words after `dvc` that try `changes` as the experiment `name`."""
    settings = [word for key, value in changes.items() for word in ("-S", f"{key}={hydra_value(value)}")]
    return ["exp", "run", "-n", name, *options, *settings, *targets]


def hydra_value(value: Any) -> str:
    """Write a value as the override grammar of Hydra wants it, which DVC reads `-S` by.

    Strings are quoted, lest `[a]` become a list or `yes` a truth value; inside quotes the grammar takes a
    backslash for one unless a quote follows.
    """
    if isinstance(value, list):
        return f"[{','.join(map(hydra_value, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "null"
    if isinstance(value, str):
        escaped = re.sub(r'(\\*)("|$)', lambda m: m[1] * 2 + ('\\"' if m[2] else ""), value)
        return f'"{escaped}"'
    return str(value)
