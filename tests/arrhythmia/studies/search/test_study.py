import contextlib
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import optuna
import pandas as pd
import pytest
import yaml

from arrhythmia import paths
from arrhythmia.errors import DataError
from arrhythmia.params import changed, load_params
from arrhythmia.studies.configs import read_config
from arrhythmia.studies.search import study as tune
from stages import normalize, train_cnn
from tests.in_process import PlayedProcess, run_in_process
from tests.processes import PATIENCE, wait_until

pytestmark = [
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
    pytest.mark.filterwarnings("ignore:Heartbeat of storage is supposed"),  # `ask` stands for a worker
]

ROOT = Path(__file__).parents[4]
PLAN = {
    "protocol": "inter_patient",
    "objective": "macro_f1_nsv",
    "max_parameters": 5000,
    "startup_trials": 2,
    "warmup_epochs": 1,
    "space": {
        "train.lr": {"low": 0.0001, "high": 0.1, "log": True},
        "cnn.filters": {"choices": [2, 4]},
        "normalize.features": {"choices": {"two": ["pre_rr_local", "qrs_width"], "one": ["qrs_width"]}},
    },
}
SMALL = {
    "train.epochs.inter_patient": 3,
    "train.ensemble_size.inter_patient": 2,
    "train.batch_size": 32,
    "train.lr": 0.01,
    "cnn.filters": 4,
    "cnn.blocks": 1,
    "cnn.dense": 4,
    "normalize.features": ["pre_rr_local", "qrs_width"],
}


@pytest.fixture
def project(tmp_path, monkeypatch, write_beats):
    """A folder with a small plan, small parameters and a few beats in two folds; it is the current folder."""
    monkeypatch.chdir(tmp_path)
    write_beats(300)
    write_yaml(Path("params.yaml"), changed(load_params(ROOT / "params.yaml"), SMALL))
    write_yaml(Path("experiments/search/cnn.yaml"), PLAN)
    return tmp_path


def write_yaml(path, tree):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(tree))


def command(*words):
    return [sys.executable, "-m", "arrhythmia", "tune", "cnn", "--jobs", "1", *words]


def environment():
    return os.environ | {"PYTHONPATH": str(ROOT)}


def search(*words):
    done = subprocess.run(
        command(*words), env=environment(), capture_output=True, text=True, timeout=4 * PATIENCE
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("objective", "luck", "objective is 'luck'; use one of macro_f1_nsv"),
        ("protocol", "none", "protocol is 'none'; use one of intra_patient"),
        ("space", {}, "space must name parameters"),
        ("space", {"segment.fs": {"choices": [125]}}, "segment.fs: not to be searched"),
        ("space", {"train.seed": {"choices": [0]}}, "train.seed: not to be searched"),
        ("space", {"cnn.filters": {"choices": [4, 4.5]}}, r"cnn\.filters is 4\.5; use a whole number from 1"),
        ("space", {"cnn.filters": {"low": 2, "high": 8}}, r"cnn\.filters is 2\.0; use a whole number from 1"),
        ("space", {"train.lr": {"low": 0.0, "high": 0.1}}, r"train\.lr is 0\.0; use a number above 0"),
        ("startup_trials", 1.5, "startup_trials is 1.5; it must be a whole number"),
        ("trials", 3, "must hold max_parameters, objective"),
    ],
)
def test_a_bad_plan_is_refused(project, key, value, said):
    write_yaml(project / "experiments/search/cnn.yaml", {**PLAN, key: value})
    with pytest.raises(DataError, match=rf"^experiments/search/cnn\.yaml: {said}"):
        tune.read_command(["cnn"])


def test_a_missing_and_a_broken_plan(project):
    (project / "experiments/search/cnn.yaml").write_text("a: [")
    with pytest.raises(DataError, match=r"^experiments/search/cnn\.yaml: no YAML: .*line"):
        tune.read_command(["cnn"])
    with pytest.raises(DataError, match=r"^nowhere\.yaml: missing$"):
        tune.read_command(["cnn", "--search", "nowhere.yaml"])


@pytest.mark.parametrize("option", ["--trials", "--jobs", "--timeout", "--lost-after"])
def test_numbers_must_be_above_zero(project, option, capsys):
    with pytest.raises(SystemExit, match="2"):
        tune.read_command(["cnn", option, "0"])
    assert f"{option} must be above 0" in capsys.readouterr().err


@pytest.mark.parametrize("model", ["cnn", "rnn"])
def test_the_plans_of_the_project_fit_its_parameters(model, monkeypatch):
    monkeypatch.chdir(ROOT)
    found, _ = tune.read_command([model])
    assert found.plan["protocol"] == "inter_patient"
    assert found.storage == f"sqlite:///experiments/search/{model}.db"


@pytest.mark.parametrize("url", ["foo", "postgresql://me:secret@host:port/studies"])
def test_a_storage_that_is_no_url(project, url):
    found, _ = tune.read_command(["cnn", "--storage", url])
    with pytest.raises(DataError, match=r"^--storage: no URL; use sqlite:"), tune.open_storage(found):
        pass


@pytest.fixture
def found(project):
    """What the command line asks for without options."""
    return tune.read_command(["cnn"])[0]


@pytest.fixture
def storage(found):
    with tune.open_storage(found) as storage:
        yield storage


def test_a_study_is_of_one_set_of_inputs(found, storage):
    tune.begin(found, storage)
    tune.begin(found, storage)
    params = changed(found.params, {"normalize.method": "beat"})
    with pytest.raises(DataError, match="its trials had another plan, other parameters or other beats"):
        tune.begin(dataclasses.replace(found, params=params), storage)


def test_an_interrupted_trial_is_run_again(found, storage, monkeypatch):
    def interrupt(*given):
        raise KeyboardInterrupt

    study = tune.begin(found, storage)
    monkeypatch.setattr(tune, "score", interrupt)
    monkeypatch.setattr(tune.runtime, "prepare", lambda **settings: None)
    with pytest.raises(KeyboardInterrupt):
        tune.run_trials(found, storage)
    assert [trial.state.name for trial in study.trials] == ["FAIL", "WAITING"]
    assert study.trials[1].user_attrs["values"] == "params.yaml"


def test_a_storage_out_of_reach_is_one_line_without_the_password(project):
    code, _, err = search("--storage", "postgresql://me:secret@127.0.0.1:1/studies")
    assert code == 1
    assert err.startswith("error: --storage postgresql+psycopg://me:***@127.0.0.1:1/studies: ")
    assert len(err.splitlines()) == 1
    assert "secret" not in err


@pytest.fixture
def one_network(project):
    """Have one network a trial, to be quick."""
    write_yaml(Path("params.yaml"), changed(load_params(), {"train.ensemble_size.inter_patient": 1}))


@pytest.fixture
def search_here(one_network, keras, monkeypatch, capsys):
    """Return a function that searches in this process with so many trials, and returns what is printed."""
    played = SimpleNamespace(Process=PlayedProcess)
    monkeypatch.setattr(tune, "multiprocessing", SimpleNamespace(get_context=lambda method: played))
    monkeypatch.setattr(tune, "end_with_parent", lambda: None)

    def search_here(trials):
        tune.main(["cnn", "--jobs", "1", "--trials", str(trials)])
        return capsys.readouterr()

    return search_here


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # which ones come depends on the values drawn
def test_a_search_its_results_and_going_on(search_here, write_beats):
    """In this process; two workers of their own are below."""
    out, err = search_here(2)
    assert err == ""
    table = pd.read_csv("experiments/results/tuning_cnn.csv", keep_default_na=False)
    assert list(table["trial"]) == [0, 1]
    assert dict(table.loc[0, ["train.lr", "cnn.filters", "normalize.features"]]) == {
        "train.lr": 0.01, "cnn.filters": 4, "normalize.features": "two"
    }  # the first trial is params.yaml itself  # fmt: skip
    assert out.count("\ntrial ") == 2
    best = table.loc[table["macro_f1_nsv"].idxmax()]
    config = read_config(Path("experiments/configs/tuned_cnn.yaml"), load_params())
    assert config["cnn.filters"] == best["cnn.filters"]
    assert (
        config["normalize.features"]
        == PLAN["space"]["normalize.features"]["choices"][best["normalize.features"]]
    )
    assert {path.name for path in Path("experiments/results").glob("*.png")} >= {
        "tuning_cnn_history.png",
        "tuning_cnn_values.png",
    }

    out, err = search_here(5)
    assert "cnn-inter_patient: 2 of 5 trials are there" in out
    again = pd.read_csv("experiments/results/tuning_cnn.csv", keep_default_na=False)
    assert list(again["trial"]) == [0, 1, 2, 3, 4]
    pd.testing.assert_frame_equal(again.head(2), table, check_dtype=False)
    assert (
        Path("experiments/results/tuning_cnn_importance.png").exists() or (again["stopped"] != "").sum() > 1
    )

    write_beats(330)
    with pytest.raises(DataError, match="its trials had another plan, other parameters or other beats"):
        search_here(6)


@pytest.mark.slow
def test_a_trial_is_the_training_that_the_pipeline_does(keras, found, storage):
    """The first trial, params.yaml itself, has the scores of the model's cv card, all of them."""
    normalize.main("inter_patient")
    run_in_process(train_cnn, "inter_patient")
    study = tune.begin(found, storage)
    tune.run_trials(dataclasses.replace(found, trials=1), storage)
    (trial,) = study.trials
    assert trial.user_attrs["values"] == "params.yaml"
    assert trial.user_attrs["card"] == json.loads(paths.cross_validated("inter_patient", "cnn").read_text())


def test_a_trial_whose_worker_died_at_once_is_run_again(found, storage):
    study = tune.begin(found, storage)
    taken = study.ask()
    seen = {}
    tune.fail_trials_without_a_sign(study, 60, seen)
    assert [trial.state.name for trial in study.trials] == ["RUNNING"]
    assert list(seen) == [taken.number]
    seen[taken.number] -= 61  # a minute later
    tune.fail_trials_without_a_sign(study, 60, seen)
    assert [trial.state.name for trial in study.trials] == ["FAIL", "WAITING"]
    retried = optuna.storages.RetryHeartbeatStaleTrialCallback.retried_trial_number
    assert retried(study.trials[1]) == taken.number
    again = study.ask()
    again.set_user_attr("began", True)
    tune.fail_trials_without_a_sign(study, 0, seen)
    assert [trial.state.name for trial in study.trials] == ["FAIL", "RUNNING"]


def programs():
    """Folder of PostgreSQL's own programs (Debian's package `postgresql` has them off the PATH)."""
    found = next(Path("/usr/lib/postgresql").glob("*/bin/initdb"), None) or shutil.which("initdb")
    if not found:
        pytest.skip("PostgreSQL is not installed")
    return Path(found).parent


@pytest.fixture
def postgresql():
    """URL of an empty database of a server of its own, by a socket in a folder of its own."""
    with tempfile.TemporaryDirectory() as home:  # pytest's own folders are closed to other users
        yield from served(Path(home))


def served(home):
    """Run a server with its files in `home`; it refuses to run as root."""
    user = {"user": "postgres"} if os.geteuid() == 0 else {}
    if user:
        shutil.chown(home, "postgres")
    bin_, data = programs(), home / "data"
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": home, **user}
    subprocess.run([bin_ / "initdb", "-D", data, "-U", "me", "--auth=trust", "--no-sync"], **quiet)
    # No port, which another program could take between being chosen and being used.
    options = f"-c listen_addresses='' -c unix_socket_directories={home} -c fsync=off"
    log = home / "log"
    subprocess.run([bin_ / "pg_ctl", "-D", data, "-w", "-l", log, "-o", options, "start"], **quiet)
    try:
        subprocess.run([bin_ / "createdb", "-h", home, "-U", "me", "studies"], **quiet)
        yield f"postgresql://me@/studies?host={home}"
    finally:
        subprocess.run([bin_ / "pg_ctl", "-D", data, "-m", "immediate", "stop"], **quiet)


@pytest.mark.slow
def test_two_workers_share_a_server_and_one_is_killed(project, one_network, write_beats, postgresql):
    """No trial is lost, and none is counted twice."""
    write_beats(3000)
    storage = optuna.storages.RDBStorage(postgresql.replace("postgresql:", "postgresql+psycopg:"))
    words = command("--trials", "4", "--storage", postgresql, "--lost-after", "15")
    logs = [project / f"worker_{i}.log" for i in range(2)]
    workers = [start(words, log) for log in logs]
    try:
        study = wait_until(lambda: load(storage), "no study")
        running = wait_until(lambda: two_at_work(study), "never two trials at work")
        os.killpg(workers[0].pid, signal.SIGKILL)
        assert workers[1].wait(timeout=4 * PATIENCE) == 0, logs[1].read_text()
    finally:
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
    done = trials_of(study, "COMPLETE") + trials_of(study, "PRUNED")
    lost = trials_of(study, "FAIL")
    retried = optuna.storages.RetryHeartbeatStaleTrialCallback.retried_trial_number
    assert len(done) == 4
    assert len(lost) == 1
    assert lost[0].number in {trial.number for trial in running}
    assert [retried(trial) for trial in done if retried(trial) is not None] == [lost[0].number]
    (again,) = [trial for trial in done if retried(trial) == lost[0].number]
    assert again.params == lost[0].params
    assert lost[0].user_attrs.get("epochs", 0) < 3  # it was killed in the middle
    assert len([trial for trial in done if "values" in trial.user_attrs]) == 1
    assert len(pd.read_csv("experiments/results/tuning_cnn.csv")) == 4
    assert trials_of(study, "RUNNING") + trials_of(study, "WAITING") == []
    storage.engine.dispose()


def start(words, log):
    """Start a worker in a process group of its own."""
    with log.open("w") as file:
        return subprocess.Popen(
            words, env=environment(), stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )


def load(storage):
    with contextlib.suppress(KeyError):  # not there yet
        return optuna.load_study(study_name="cnn-inter_patient", storage=storage)


def trials_of(study, state):
    return [trial for trial in study.get_trials() if trial.state.name == state]


def two_at_work(study):
    """Return the running trials if these are two, each with its networks built; else nothing."""
    running = trials_of(study, "RUNNING")
    return running if ["parameters" in trial.user_attrs for trial in running] == [True, True] else []
