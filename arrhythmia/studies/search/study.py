"""Search for better parameters of a network by the held-out folds of the training records, with Optuna.

arrhythmia tune cnn                                 # 40 trials, as many at once as there are cores
arrhythmia tune rnn --trials 20 --timeout 3600      # no new trial after an hour
arrhythmia tune cnn --storage postgresql://user@host/studies      # on any number of machines at once

What is searched stands in experiments/search/cnn.yaml. A killed search goes on where it was when the command
is given again; a trial that died with its machine is run again by another. The test records play no part. It
leaves a table and figures in experiments/results/, and the best values in experiments/configs/tuned_cnn.yaml.
"""

import contextlib
import hashlib
import json
import logging
import multiprocessing
import sys
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, ProgrammingError, SQLAlchemyError

from arrhythmia import paths
from arrhythmia.command_line import command_parser
from arrhythmia.errors import DataError
from arrhythmia.params import changed, checked, load_params, read_named_yaml
from arrhythmia.protocols import NETWORKS, PROTOCOLS, of_protocol
from arrhythmia.studies.search.results import write_results
from arrhythmia.studies.search.space import check_space, searchable, short_names, values_by_label
from arrhythmia.studies.search.trial import DONE, score, training_beats
from arrhythmia.training import runtime
from arrhythmia.utils.files import load_arrays
from arrhythmia.utils.parallel import cores, end_with_parent

OBJECTIVES = ("macro_f1_nsv", "macro_f1", "j_kappa", "accuracy", "f1_S", "f1_V")
"""Scores of `summary.cv_metrics` that a search can raise."""

ALIVE = (*DONE, TrialState.RUNNING, TrialState.WAITING)


@dataclass(frozen=True)
class Search:
    """What all workers of a study share; goes to their processes whole.

    Attributes:
        name: of the plan, and of what the search leaves behind.
        model: `cnn` or `rnn`.
        plan: the file of experiments/search/, as read.
        params: tree of params.yaml.
        storage: SQLAlchemy URL.
        trials: number of trials in the study when it is complete.
        deadline: `time.time()` after which no trial begins.
        lost_after: time without a sign of life after which a trial counts as lost, s.
    """

    name: str
    model: str
    plan: dict[str, Any]
    params: dict[str, Any]
    storage: str
    trials: int
    deadline: float
    lost_after: float


def main(argv: list[str]) -> None:
    """Run the trials that the study lacks, and write what it has found."""
    quiet()
    search, jobs = read_command(argv)
    with open_storage(search) as storage:
        study = begin(search, storage)
        print(f"{study.study_name}: {count(study, DONE)} of {search.trials} trials are there", flush=True)
        context = multiprocessing.get_context("spawn")
        workers = [context.Process(target=work, args=(search,)) for _ in range(jobs)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        if count(study, DONE):
            write_results(study, search.name, search.plan, search.params)
    if any(worker.exitcode for worker in workers):
        raise DataError("a worker failed, see above; the same command goes on")


def quiet() -> None:
    """Keep from the terminal what says nothing here.

    That is: each trial in Optuna's words, that its heartbeats may change one day, that an axis of a picture
    has one value, and TensorFlow's advice to compile less often (each trial has other networks).
    """
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    warnings.filterwarnings("ignore", "Attempting to set identical")


def read_command(argv: list[str]) -> tuple[Search, int]:
    """Return what the command line asks for, and the number of workers.

    Raises:
        DataError: experiments/search/*.yaml does not fit params.yaml.
    """
    parser = command_parser("tune", __doc__)
    parser.add_argument("model", choices=NETWORKS)
    parser.add_argument("--search", type=Path, help="what to search; default experiments/search/MODEL.yaml")
    parser.add_argument("--trials", type=int, default=40, help="trials of the study in all (%(default)s)")
    parser.add_argument("--timeout", type=float, default=float("inf"), help="begin no trial after so many s")
    parser.add_argument("--jobs", type=int, default=cores(), help="workers (one a core: %(default)s)")
    parser.add_argument("--storage", help="SQLAlchemy URL of the study; default a file beside it")
    parser.add_argument(
        "--lost-after", type=float, default=120, help="s without a sign of life until a trial is lost (120)"
    )
    asked = parser.parse_args(argv)
    for name in ("trials", "jobs", "timeout", "lost_after"):
        if not getattr(asked, name) > 0:
            parser.error(f"--{name.replace('_', '-')} must be above 0")
    params = load_params()
    path = asked.search or paths.tuning(asked.model)
    plan = read_plan(path, params, asked.model)
    search = Search(
        name=path.stem,
        model=asked.model,
        plan=plan,
        params=params,
        storage=asked.storage or f"sqlite:///{path.with_suffix('.db')}",
        trials=asked.trials,
        deadline=time.time() + asked.timeout,
        lost_after=asked.lost_after,
    )
    return search, asked.jobs


def read_plan(path: Path, params: dict[str, Any], model: str) -> dict[str, Any]:
    """Read and check a file of experiments/search/.

    Raises:
        DataError: it is missing, is no YAML, lacks something or does not fit params.yaml.
    """
    plan = read_named_yaml(path)
    keys = {"protocol", "objective", "max_parameters", "startup_trials", "warmup_epochs", "space"}
    if not isinstance(plan, dict) or set(plan) != keys:
        raise DataError(f"{path}: must hold {', '.join(sorted(keys))}, and nothing else")
    for key, known in {"protocol": tuple(PROTOCOLS), "objective": OBJECTIVES}.items():
        if plan[key] not in known:
            raise DataError(f"{path}: {key} is '{plan[key]}'; use one of {', '.join(known)}")
    if not isinstance(plan["space"], dict) or not plan["space"]:
        raise DataError(f"{path}: space must name parameters")
    for key in ("max_parameters", "startup_trials", "warmup_epochs"):
        if not isinstance(plan[key], int) or plan[key] < 0:
            raise DataError(f"{path}: {key} is {plan[key]!r}; it must be a whole number")
    check_space(plan["space"], searchable(params, model, plan["protocol"]), where=str(path))
    check_values(plan, params, where=str(path))
    return plan


def check_values(plan: dict[str, Any], params: dict[str, Any], *, where: str) -> None:
    """Refuse a plan by which an impossible value would be tried.

    Raises:
        DataError: the value, in the words that params.yaml would get.
    """
    for name, bounds in plan["space"].items():
        if "choices" in bounds:
            values = values_by_label(bounds["choices"]).values()
        else:  # without a step, Optuna draws no whole numbers
            values = [x if "step" in bounds else float(x) for x in (bounds["low"], bounds["high"])]
        for value in values:
            checked(changed(params, {name: value}) | {"protocols": [plan["protocol"]]}, where=where)


@contextlib.contextmanager
def open_storage(search: Search) -> Iterator[optuna.storages.RDBStorage]:
    """Connect to where the studies are, make its tables if it is new, and disconnect after the block.

    Raises:
        DataError: the storage cannot be reached.
    """
    storage = connected(search)
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def connected(search: Search) -> optuna.storages.RDBStorage:
    """Return a connection that nobody closes; `open_storage` does.

    Raises:
        DataError: the storage cannot be reached.
    """
    try:
        url = make_url(search.storage)
    except (SQLAlchemyError, ValueError):  # not printed: it may hold a password
        raise DataError("--storage: no URL; use sqlite:///FILE or postgresql://USER@HOST/DATABASE") from None
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    connect = partial(
        optuna.storages.RDBStorage,
        url.render_as_string(hide_password=False),
        heartbeat_interval=max(round(search.lost_after / 4), 1),
        grace_period=round(search.lost_after),
        heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(),
    )
    try:
        try:
            return connect()
        except (IntegrityError, ProgrammingError):  # another worker made the tables at the same moment
            return connect()
    except (SQLAlchemyError, ImportError) as error:
        raise DataError(f"--storage {url.render_as_string()}: {first_line(error)}") from error


def first_line(error: Exception) -> str:
    """Return what the database said, without the statement and the traceback."""
    return str(error.__cause__ or error).strip().splitlines()[0]


def load_study(search: Search, storage: optuna.storages.RDBStorage) -> optuna.Study:
    """Load the study, and say how it chooses: the next values, and the trials to stop early."""
    startup, warmup = search.plan["startup_trials"], search.plan["warmup_epochs"]
    return optuna.load_study(
        study_name=study_name(search),
        storage=storage,
        sampler=optuna.samplers.TPESampler(n_startup_trials=startup, multivariate=True),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=startup, n_warmup_steps=warmup),
    )


def study_name(search: Search) -> str:
    """Return the study's name in its storage."""
    return f"{search.model}-{search.plan['protocol']}"


def begin(search: Search, storage: optuna.storages.RDBStorage) -> optuna.Study:
    """Create the study, with the present parameters as its first trial, or load the one that is there.

    Raises:
        DataError: the study's trials had other parameters, another plan or other beats.
    """
    protocol = search.plan["protocol"]
    settings = searchable(search.params, search.model, protocol)
    others = [search.params["train"][key] for key in ("seed", "threads")]
    others += [of_protocol(search.params["normalize"], protocol)]
    about = json.dumps([search.plan, settings, others], sort_keys=True)
    inputs = (paths.BEATS, paths.FEATURES, paths.split(protocol))
    for path in inputs:
        load_arrays(path)  # says in one line that it is missing or damaged
    digest = hashlib.sha256(about.encode() + b"".join(path.read_bytes() for path in inputs)).hexdigest()
    with contextlib.suppress(optuna.exceptions.DuplicatedStudyError):
        study = optuna.create_study(storage=storage, study_name=study_name(search), direction="maximize")
        study.enqueue_trial(short_names(search.plan["space"], settings), user_attrs={"values": "params.yaml"})
        study.set_user_attr("digest", digest)
        return study
    study = load_study(search, storage)
    if wait_for_digest(study) != digest:
        raise DataError(
            f"{make_url(search.storage).render_as_string()}: its trials had another plan, other parameters "
            "or other beats, or it was never begun; use another --storage, or delete it"
        )
    return study


def wait_for_digest(study: optuna.Study) -> str | None:
    """Return what the study belongs to; who created it this moment sets that last."""
    until = time.time() + 10
    while "digest" not in study.user_attrs and time.time() < until:
        time.sleep(0.2)
    return study.user_attrs.get("digest")


class Surplus(Exception):
    """Another worker was faster: the study has its trials."""


def count(study: optuna.Study, states: tuple[TrialState, ...]) -> int:
    """Return the number of trials in one of these states."""
    return len(study.get_trials(deepcopy=False, states=states))


def work(search: Search) -> None:
    """Run trials until the study has them all, in a process of its own.

    While others still run the last ones, wait: one of them may die, and its trial is then run here.
    """
    quiet()
    end_with_parent()
    try:
        with open_storage(search) as storage:
            run_trials(search, storage)
    except DataError as error:
        sys.exit(f"error: {error}")
    except SQLAlchemyError as error:
        sys.exit(f"error: the study's storage failed: {first_line(error)}")
    except KeyboardInterrupt:
        sys.exit(1)


def run_trials(search: Search, storage: optuna.storages.RDBStorage) -> None:
    """Run trials until the study has them all, or time is up.

    Raises:
        DataError: a file is missing or a parameter has an impossible value.
    """
    settings = search.params["train"]
    runtime.prepare(threads=settings["threads"], seed=settings["seed"])
    arrays = training_beats(search.plan["protocol"], search.params)
    study = load_study(search, storage)

    def objective(trial: optuna.Trial) -> float:
        others = trial.study.get_trials(deepcopy=False, states=ALIVE)
        if sum(other.number < trial.number for other in others) >= search.trials:
            raise Surplus
        trial.set_user_attr("began", True)
        try:
            return score(trial, search.model, search.plan, search.params, arrays)
        except KeyboardInterrupt:  # Optuna would count it as failed; let it be run again
            RetryHeartbeatStaleTrialCallback()(study, study.trials[trial.number])
            raise

    seen: dict[int, float] = {}
    while time.time() < search.deadline:
        optuna.storages.fail_stale_trials(study)
        fail_trials_without_a_sign(study, search.lost_after, seen)
        if count(study, DONE) >= search.trials:
            break
        if count(study, ALIVE) < search.trials or count(study, (TrialState.WAITING,)):
            # this worker stood still so long that another has taken its trial over
            with contextlib.suppress(optuna.exceptions.UpdateFinishedTrialError):
                study.optimize(objective, n_trials=1, catch=(Surplus,), callbacks=[say])
        else:
            time.sleep(search.lost_after / 20)


def fail_trials_without_a_sign(study: optuna.Study, lost_after: float, seen: dict[int, float]) -> None:
    """Have trials run again whose worker died between taking them and giving its first sign of life.

    Optuna looks for those only that have given one. Waiting is measured from when this worker first saw the
    trial: the clocks of other machines may go differently, and Optuna stores local times without their zone.

    Args:
        study: whose trials to look at.
        lost_after: time without a sign of life after which a trial counts as lost, s.
        seen: `time.monotonic()` at which each trial was first seen without a sign; extended in place.
    """
    now = time.monotonic()
    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        if "began" in trial.user_attrs or now - seen.setdefault(trial.number, now) < lost_after:
            continue
        with contextlib.suppress(ValueError, optuna.exceptions.UpdateFinishedTrialError):  # another did it
            study.tell(trial.number, state=TrialState.FAIL)
            RetryHeartbeatStaleTrialCallback()(study, trial)


def say(study: optuna.Study, trial: FrozenTrial) -> None:
    """Print what came of a trial."""
    if trial.state not in DONE:
        return
    epochs, card = trial.user_attrs.get("epochs", 0), trial.user_attrs.get("card", {})
    scores = "  ".join(f"{key} {card[key]:.4f}" for key in OBJECTIVES if key in card)
    end = "" if trial.state == TrialState.COMPLETE else f"  stopped: {trial.user_attrs['stopped']}"
    print(f"trial {trial.number}: epochs {epochs}  {scores}  {trial.duration.seconds} s{end}", flush=True)
