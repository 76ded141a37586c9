"""One run of a Weights & Biases sweep, as its agent starts it: a cross-validated training, logged by epoch.

arrhythmia sweep-run cnn inter_patient --train.lr=0.002 --cnn.filters=24
arrhythmia sweep-run cnn inter_patient --cnn.filters.0=16 --cnn.filters.1=24 --cnn.filters.2=32

Values are given by dotted names of params.yaml, which has all others; those of a list, such as the filters of
each layer, one by one by their places, from 0, if W&B shall choose each. After each epoch the scores of the
held-out folds go to W&B; the test records play no part. Ctrl-C, SIGTERM and the stop button of W&B end the
run with the scores it has. The sweeps themselves are experiments/sweep/cnn.yaml and rnn.yaml.
"""

import re
import signal
from collections.abc import Iterable
from typing import Any

import wandb
import yaml

from arrhythmia.command_line import command_parser
from arrhythmia.errors import DataError, one_line
from arrhythmia.params import changed, checked, flattened, load_params, parse_yaml
from arrhythmia.protocols import NETWORKS, PROTOCOLS
from arrhythmia.studies.search.space import searchable
from arrhythmia.studies.search.study import quiet
from arrhythmia.studies.search.trial import begin_training, training_beats
from arrhythmia.training import runtime
from arrhythmia.training.logging import wandb_run


def main(argv: list[str]) -> None:
    """Train with the values of the command line, and log it as a run."""
    quiet()
    model, protocol, params = read_command(argv)
    runtime.prepare(threads=params["train"]["threads"], seed=params["train"]["seed"])
    arrays = training_beats(protocol, params)
    config = {"model": model, "protocol": protocol} | flattened(params)
    # in an agent its project, name and sweep are those that the agent was given
    run = wandb_run("set WANDB_MODE=offline", config=config)
    # The agent stops a run by SIGTERM, W&B itself by what Ctrl-C does: let both be the same
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        parameters, cards = begin_training(model, protocol, params, arrays)
        run.summary["parameters"] = parameters
        log_epochs(run, cards)
    except KeyboardInterrupt:  # no failure: after a few of them the agent would give up
        print("stopped; the run keeps the scores it has", flush=True)
    except (FloatingPointError, ValueError) as error:
        run.finish(exit_code=1)
        reason = one_line(error) or "its answers are no numbers"
        raise DataError(f"the network cannot be trained with these values: {reason}") from error
    run.finish()


def read_command(argv: list[str]) -> tuple[str, str, dict[str, Any]]:
    """Return the model, the protocol, and the parameters with the values of the command line.

    Raises:
        DataError: a name is unknown, or a value impossible.
    """
    parser = command_parser(
        "sweep-run", __doc__, usage="%(prog)s MODEL PROTOCOL [--NAME=VALUE ...]", allow_abbrev=False
    )
    parser.add_argument("model", choices=NETWORKS)
    parser.add_argument("protocol", choices=PROTOCOLS)
    asked, settings = parser.parse_known_args(argv)
    params = load_params()
    changes = read_changes(settings, set(searchable(params, asked.model, asked.protocol)))
    params = changed(params, changes) | {"protocols": [asked.protocol]}
    return asked.model, asked.protocol, checked(params, where="the arguments")


def read_changes(settings: Iterable[str], known: set[str]) -> dict[str, Any]:
    """Return the values of `--NAME=VALUE` by name, read as YAML; those of `--NAME.PLACE` as a list.

    Args:
        settings: as the agent writes them.
        known: names that may be given.

    Raises:
        DataError: one has another form or an unknown name, two are of one parameter, or a place is missing.
    """
    changes: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.removeprefix("--").partition("=")
        if not setting.startswith("--") or not equals:
            raise DataError(f"'{setting}': give --NAME=VALUE")
        if _parameter(name, known) not in known:
            plain = sorted(other for other in known if other.count(".") == 1)
            raise DataError(f"--{name} is unknown; use {', '.join(plain)}")
        for other in changes:
            if _are_one(name, other, known):
                raise DataError(f"--{other} and --{name} are one parameter; give one of them")
        try:
            changes[name] = parse_yaml(text)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise DataError(f"--{name} is '{text}', which is no YAML") from error
    return _with_lists(changes, known)


def _parameter(name: str, known: set[str]) -> str:
    """Return the parameter that a name gives: itself, or the list it is a place of (`cnn.filters.0`)."""
    whole, _, place = name.rpartition(".")
    return whole if name not in known and re.fullmatch("0|[1-9][0-9]?", place) else name


def _are_one(name: str, other: str, known: set[str]) -> bool:
    """Whether two names give one value; two places of a list give two."""
    mine, theirs = _parameter(name, known), _parameter(other, known)
    if mine == theirs:
        return name == other or mine in (name, other)
    return mine.startswith(f"{theirs}.") or theirs.startswith(f"{mine}.")


def _with_lists(changes: dict[str, Any], known: set[str]) -> dict[str, Any]:
    """Return the values with a list in place of those that were given place by place."""
    names_of: dict[str, list[str]] = {}
    for name in changes:
        names_of.setdefault(_parameter(name, known), []).append(name)
    made = {}
    for parameter, names in names_of.items():
        if names == [parameter]:
            made[parameter] = changes[parameter]
            continue
        places = [f"{parameter}.{i}" for i in range(len(names))]
        if missing := [place for place in places if place not in names]:
            raise DataError(f"--{missing[0]} is missing beside the other places of {parameter}")
        made[parameter] = [changes[place] for place in places]
    return made


def log_epochs(run: wandb.Run, cards: Iterable[dict[str, Any]]) -> None:
    """Log the scores of the held-out folds after each epoch; the last are the run's summary."""
    for epoch, card in enumerate(cards, start=1):
        run.log(card, step=epoch)
        print(f"epoch {epoch}  macro_f1_nsv {card['macro_f1_nsv']:.4f}", flush=True)
