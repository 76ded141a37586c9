"""Runs of a sweep as the agent of W&B starts and stops them, by its own code, but without its server."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import yaml
from wandb.wandb_agent import Agent

from arrhythmia.errors import DataError
from arrhythmia.params import changed, flattened, load_params, read_yaml
from arrhythmia.studies.search import sweep
from arrhythmia.studies.search.study import OBJECTIVES
from tests.processes import PATIENCE, children_of, has_ended, wait_until
from tests.wandb_runs import as_dict, records_of

ROOT = Path(__file__).parents[4]
SWEEPS = {model: read_yaml(ROOT / f"experiments/sweep/{model}.yaml") for model in ("cnn", "rnn")}
SMALL = {
    "train.epochs.inter_patient": 2,
    "train.ensemble_size.inter_patient": 1,
    "rnn.stem": 0,
    "normalize.features.inter_patient": ["pre_rr_local", "qrs_width"],
}
TRAINING = {"train.lr": 0.01, "train.batch_size": 32}
CHOSEN = {
    "cnn": TRAINING
    | {**{f"cnn.filters.{i}": n for i, n in enumerate((4, 6, 5))}, "cnn.dense": 4, "cnn.dropout": 0.25},
    "rnn": TRAINING | {"rnn.units": 4, "rnn.embedding": 4, "rnn.dense": 4, "rnn.dropout": 0.25},
}
"""What the server chooses; small values, each of a parameter that the sweep varies."""


@pytest.fixture
def project(tmp_path, monkeypatch, write_beats):
    """A folder with small parameters and a few beats in two folds; it is the current folder."""
    monkeypatch.chdir(tmp_path)
    write_beats(300)
    write_params(SMALL)
    return tmp_path


def write_params(changes):
    tree = changed(load_params(ROOT / "params.yaml"), changes)
    Path("params.yaml").write_text(yaml.safe_dump(tree))


@pytest.fixture
def agent(project, monkeypatch):
    """The agent, without a server, in an environment that it may change; what still runs is killed."""
    with monkeypatch.context() as patch:
        for name, value in {
            **{"WANDB_MODE": "offline", "WANDB_DIR": str(project), "HOME": str(project)},
            **{"WANDB_SWEEP_ID": "swp", "WANDB_RUN_ID": "", "WANDB_SWEEP_PARAM_PATH": ""},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
        }.items():
            patch.setenv(name, value)
        agent = Agent(api=None, queue=None, sweep_id="swp")
        yield agent
        for process in agent._run_processes.values():
            process.kill()
            process.wait()


def told(agent, kind, **words):
    """Give the agent a command of the server, and return the process of the run."""
    response = agent._process_command({"type": kind, "run_id": "run", **words})
    assert "exception" not in response, response
    return agent._run_processes["run"]


def start(agent, model, **chosen):
    args = {name: {"value": value} for name, value in (CHOSEN[model] | chosen).items()}
    agent._sweep_command = list(SWEEPS[model]["command"])
    return told(agent, "run", program=SWEEPS[model]["program"], args=args)


def by_place(values):
    """Return the values by name, and those of lists by place too, as `cnn.filters.0`."""
    lists = {name: value for name, value in values.items() if isinstance(value, list)}
    return values | {f"{name}.{i}": x for name, value in lists.items() for i, x in enumerate(value)}


def run_left_in(project):
    """Return the records of the one run, its rows of history and its summary."""
    (path,) = project.glob("wandb/offline-run-*/*.wandb")
    records, summary = list(records_of(path)), {}
    for record in records:
        summary |= as_dict(record.summary.update)
    return records, [as_dict(x.history.item) for x in records if x.HasField("history")], summary


@pytest.mark.parametrize("model", SWEEPS)
def test_the_sweeps_of_the_project_fit_its_parameters(model, monkeypatch):
    monkeypatch.chdir(ROOT)
    sweep_file = SWEEPS[model]
    for end in (0, -1):
        chosen = {
            name: (bounds.get("values") or (bounds["min"], bounds["max"]))[end]
            for name, bounds in sweep_file["parameters"].items()
        }
        words = [f"--{name}={value}" for name, value in chosen.items()]
        *_, params = sweep.read_command([model, "inter_patient", *words])
        values = by_place(flattened(params))
        assert {name: values[name] for name in chosen} == chosen
    assert sweep_file["parameters"].keys() == CHOSEN[model].keys()
    assert sweep_file["metric"]["name"] in OBJECTIVES


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--cnn.width=3"], r"--cnn\.width is unknown; use cnn\.blocks, .*, train\.template_mixing$"),
        (["--segment.fs=250"], r"--segment\.fs is unknown; use"),
        (["--cnn.stride.inter_patient=2"], r"--cnn\.stride\.inter_patient is unknown; use"),
        (
            ["--cnn.filters=0"],
            r"the arguments: cnn\.filters is 0; use a whole number from 1 to 4096, or .* such, one a layer$",
        ),
        (["--cnn.filters=16.0"], r"the arguments: cnn\.filters is 16\.0; use a whole number"),
        (["--train.lr=fast"], r"the arguments: train\.lr is 'fast'; use a number above 0"),
        (["--cnn.filters.0=16", "--cnn.filters.2=24"], r"--cnn\.filters\.1 is missing beside the other "),
        (
            ["--cnn.filters=[16, 24]"],
            r"the arguments: cnn\.filters\.inter_patient is .*; use one number .*, or a list of 3",
        ),
        (
            ["--cnn.filters=16", "--cnn.filters.0=16"],
            r"--cnn\.filters and --cnn\.filters\.0 are one parameter",
        ),
        (
            ["--cnn.filters.0=16", "--cnn.filters.inter_patient=8"],
            r"--cnn\.filters\.0 and --cnn\.filters\.inter_patient are one parameter",
        ),
        (
            ["--cnn.filters.inter_patient.0=16", "--cnn.filters.0=8"],
            r"--cnn\.filters\.inter_patient\.0 and --cnn\.filters\.0 are one parameter",
        ),
        (["--cnn.filters.0=16", "--cnn.filters.0=8"], r"--cnn\.filters\.0 and --cnn\.filters\.0 are one"),
        (["--cnn.filters.intra_patient=5"], r"--cnn\.filters\.intra_patient is unknown; use"),
        (["--train.lr=" + "[" * 3000], r"--train\.lr is .*, which is no YAML$"),
        (["--cnn.dense.0=16"], r"the arguments: cnn\.dense is \[16\]; use a whole number"),
        (["--train.lr=["], r"--train\.lr is '\[', which is no YAML$"),
        (
            ["--train.lr.inter_patient=1", "--train.lr=1"],
            r"--train\.lr\.inter_patient and --train\.lr ",
        ),
        (
            ["--train.lr=1", "--train.lr.inter_patient=1"],
            r"--train\.lr and --train\.lr\.inter_patient ",
        ),
        (["train.lr=1"], r"'train\.lr=1': give --NAME=VALUE$"),
        (["--train.lr", "1"], r"'--train\.lr': give --NAME=VALUE$"),
    ],
)
def test_wrong_arguments_are_named(words, said, monkeypatch):
    monkeypatch.chdir(ROOT)
    with pytest.raises(DataError, match=f"^{said}"):
        sweep.read_command(["cnn", "inter_patient", *words])


def test_values_are_read_as_the_agent_writes_them(monkeypatch):
    monkeypatch.chdir(ROOT)
    features = ["pre_rr_local", "qrs_width"]
    written = {"train.lr": 1e-05, "train.schedule": "constant", "normalize.features": features}
    words = [f"--{name}={value}" for name, value in written.items()]
    model, protocol, params = sweep.read_command(["rnn", "inter_patient", *words])
    assert (model, protocol) == ("rnn", "inter_patient")
    assert {name: flattened(params)[name] for name in written} == written


@pytest.mark.slow
def test_a_run_that_an_agent_starts_logs_each_epoch(project, agent, capfd):
    """That the scores are those of the pipeline is proved for the search, whose training it is."""
    assert start(agent, "cnn").wait(PATIENCE) == 0, capfd.readouterr().err
    records, rows, summary = run_left_in(project)
    (run,) = [record.run for record in records if record.HasField("run")]
    assert (run.run_id, run.sweep_id) == ("run", "swp")
    config = by_place(as_dict(run.config.update))
    assert {name: config[name] for name in CHOSEN["cnn"]} == CHOSEN["cnn"]
    assert (config["model"], config["protocol"]) == ("cnn", "inter_patient")
    assert [row["_step"] for row in rows] == [1, 2]
    assert summary["beats"] == 147  # the one held-out fold of the 294 training beats
    assert {name: summary[name] for name in OBJECTIVES} == {name: rows[-1][name] for name in OBJECTIVES}
    assert rows[0]["log_loss"] != rows[1]["log_loss"]
    assert 0 < summary["parameters"] < 1000  # as chosen; the default has more


@pytest.mark.slow
def test_a_run_that_an_agent_stops_keeps_its_scores_and_leaves_nothing(project, agent, capfd):
    write_params(SMALL | {"train.epochs.inter_patient": 1000})
    run, printed = start(agent, "rnn"), []

    def first_epoch():
        printed.append(capfd.readouterr())
        assert run.poll() is None, printed
        return "epoch 1 " in "".join(part.out for part in printed)

    wait_until(first_epoch, "no epoch")
    helpers = children_of(psutil.Process(run._popen.pid), recursive=True)
    assert helpers
    told(agent, "stop")
    assert run.wait(PATIENCE) == 0  # to the agent anything above 0 is a failure
    printed.append(capfd.readouterr())
    out, err = ("".join(parts) for parts in zip(*printed, strict=True))
    assert out.endswith("stopped; the run keeps the scores it has\n")
    assert "Traceback" not in err
    wait_until(lambda: all(has_ended(process) for process in helpers), "a helper of wandb is left")
    records, rows, summary = run_left_in(project)
    assert 1 <= len(rows) < 1000
    assert summary["macro_f1_nsv"] == rows[-1]["macro_f1_nsv"]
    (end,) = [record.exit for record in records if record.HasField("exit")]
    assert end.exit_code == 0


def test_a_training_that_comes_to_nothing_is_a_failed_run(project, monkeypatch):
    def diverge(*given):
        raise FloatingPointError

    ends = []
    monkeypatch.setattr(sweep.runtime, "prepare", lambda **settings: None)
    monkeypatch.setattr(sweep.signal, "signal", lambda number, action: None)
    run = SimpleNamespace(finish=lambda **end: ends.append(end))
    monkeypatch.setattr(sweep, "wandb_run", lambda remedy, config: run)
    monkeypatch.setattr(sweep, "begin_training", diverge)
    with pytest.raises(DataError, match=r"cannot be trained with these values: its answers are no numbers$"):
        sweep.main(["cnn", "inter_patient"])
    assert ends == [{"exit_code": 1}]


@pytest.mark.slow
def test_a_run_with_an_impossible_value_is_one_line_and_none_at_wandb(project, agent, capfd):
    assert start(agent, "cnn", **{"cnn.dropout": 1}).wait(PATIENCE) == 1
    err = capfd.readouterr().err
    assert err == "error: the arguments: cnn.dropout is 1; use a number from 0 to below 1\n"
    assert not list(project.glob("wandb/offline-run-*"))
