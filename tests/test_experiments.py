"""The commands of docs/experiments.md in a clone with short synthetic recordings; no network, two minutes.

One run of the pipeline, out of the cache of another, one experiment and one queue serve all tests.
"""

import contextlib
import json
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from arrhythmia.params import parse_yaml, read_yaml
from tests.buckets import KEYS, served
from tests.params import write_params
from tests.processes import PATIENCE, children_of, command_line, wait_until
from tests.synthetic_run import ROOT, SMALL, checked, environment, not_in_an_archive

pytestmark = pytest.mark.slow

TARGET = "evaluate@inter_patient-cnn"
TRAINING = "train_cnn@inter_patient"


class Clone:
    """A working copy, and programs run in it."""

    def __init__(self, folder, home):
        self.folder, self.home = folder, home
        self.environment = environment(home) | {"AWS_EC2_METADATA_DISABLED": "true"}
        for role in ("AUTHOR", "COMMITTER"):
            self.environment |= {f"GIT_{role}_NAME": "test", f"GIT_{role}_EMAIL": "test@localhost"}

    def run(self, command, *words, **variables):
        """Run a command line, which is split at blanks, with further words; return what it prints."""
        return checked(*command.split(), *words, cwd=self.folder, env=self.environment | variables)

    def params(self, revision="HEAD"):
        return parse_yaml(self.run(f"git show {revision}:params.yaml"))

    def experiment(self, name):
        """Return the commit of an experiment, which git knows by a longer name."""
        return self.run(f"git for-each-ref --format=%(objectname) refs/exps/**/{name}").strip()

    def restore(self):
        self.run("git reset --hard --quiet")
        self.run("dvc checkout --quiet")


@pytest.fixture(scope="module")
def project(tmp_path_factory, whole_run):
    """A clone with the results of one run, committed; git and DVC each have a remote."""
    home = tmp_path_factory.mktemp("home")
    clone = Clone(home / "project", home)
    without_its_settings = shutil.ignore_patterns("config.local")
    shutil.copytree(
        ROOT,
        clone.folder,
        ignore=lambda *given: not_in_an_archive(*given) | without_its_settings(*given),
    )
    write_params(clone.folder / "params.yaml", **SMALL | {"download": {"source": "synthetic"}})
    whole_run.lend(clone.folder)
    subprocess.run(["git", "init", "--quiet", "--bare", home / "origin.git"], check=True)
    clone.run("git init --quiet --initial-branch=main")
    clone.run("git remote add origin", str(home / "origin.git"))
    clone.run("dvc remote add --default storage", str(home / "storage"))
    clone.run("git add .")
    clone.run("git commit --quiet -m start")
    clone.run("dvc checkout")
    clone.run("dvc repro")
    clone.run("git add .")
    clone.run("git commit --quiet -m results")
    return clone


@pytest.fixture(scope="module")
def wider(project):
    """One change: the experiment's name."""
    project.run(f"dvc exp run -n wider -S cnn.filters=6 {TARGET}")
    project.restore()
    return "wider"


def trainings(folder):
    """Return how many networks each training in `folder` trains at the moment."""
    counts = []
    for process in psutil.process_iter():
        try:
            # a word of its own: the shell that starts a training has all words in one
            if "stages.train_cnn" in process.cmdline() and Path(process.cwd()).is_relative_to(folder):
                counts.append(sum("spawn_main" in command_line(child) for child in children_of(process)))
        except psutil.Error:  # it has ended meanwhile
            continue
    return counts


@contextlib.contextmanager
def looking_at(look):
    """Look four times a second, beside the block; what was seen is in the list that the block gets."""
    seen, over = [], threading.Event()

    def look_again_and_again():
        while not over.wait(0.25):
            seen.append(look())

    watch = threading.Thread(target=look_again_and_again)
    watch.start()
    try:
        yield seen
    finally:
        over.set()
        watch.join()


@pytest.fixture(scope="module")
def queue(project):
    """Two points of a grid, run by two workers with a core each: what was seen of them all the while."""
    before = len(project.run("git for-each-ref refs/exps/??/*/*").splitlines())
    project.run(f"dvc exp run --queue -S cnn.filters=8,10 {TRAINING}")
    subprocess.run(  # the workers inherit a pipe, and who reads it would wait for their end
        ["dvc", "queue", "start", "-j", "2"],
        cwd=project.folder,
        env=project.environment | {"ARRHYTHMIA_CORES": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    with looking_at(lambda: trainings(project.folder)) as seen:
        wait_until(  # asked of git: DVC takes seconds to start, which the workers would miss
            lambda: len(project.run("git for-each-ref refs/exps/??/*/*").splitlines()) == before + 2,
            "the queue does not end",
            patience=4 * PATIENCE,
            pause=0.5,
        )
    status = wait_until(
        lambda: (said := project.run("dvc queue status")) and not re.search("Queued|Running", said) and said,
        "the queue does not end",
    )
    project.run("dvc queue stop")
    return seen, status


def test_one_change_reruns_what_depends_on_it(project, wider):
    assert project.params(project.experiment(wider))["cnn"]["filters"] == 6
    assert project.params()["cnn"]["filters"] == 4
    said = project.run(f"dvc exp diff HEAD {wider}")
    assert re.search(r"cnn\.filters\s+4\s+6\s+2", said)
    assert "metrics/inter_patient/cnn_cv.json" in said
    assert "rnn" not in said


GRIDS = {
    "list": (["cnn.filters=8,12,16"], [[f"cnn.filters={n}"] for n in (8, 12, 16)]),
    "range": (["cnn.filters=range(8,17,4)"], [[f"cnn.filters={n}"] for n in (8, 12, 16)]),
    "of both protocols": (["train.lr=0.001,0.0005"], [["train.lr=0.001"], ["train.lr=0.0005"]]),
    "lists of features": (
        ["normalize.features.inter_patient=[],[pre_rr_local,post_rr_local]", "cnn.filters=8,12"],
        [
            [f"normalize.features.inter_patient={features}", f"cnn.filters={n}"]
            for features in ("[]", "[pre_rr_local,post_rr_local]")
            for n in (8, 12)
        ],
    ),
}
"""Words after `-S`, and the points of each grid."""


@pytest.fixture(scope="module")
def grids(project):
    """What DVC says when it queues each grid, and the parameters of every point, the last first."""
    said = {}
    for name, (settings, _) in GRIDS.items():
        words = [word for setting in settings for word in ("-S", setting)]
        said[name] = project.run("dvc exp run --queue", *words, TRAINING)
    commits = project.run("git log -g --format=%H refs/exps/celery/stash").split()
    project.run("dvc queue remove --queued")
    return said, [project.params(commit) for commit in commits]


@pytest.mark.parametrize("name", GRIDS)
def test_a_grid_is_queued_point_by_point(grids, name):
    points = [str(point) for point in GRIDS[name][1]]
    assert re.findall(r"overrides '\{'params.yaml': (.*)\}'", grids[0][name]) == points


def test_a_feature_list_of_a_grid_arrives_as_a_list(grids):
    queued = [params["normalize"]["features"]["inter_patient"] for params in grids[1][:4]]
    assert queued == 2 * [["pre_rr_local", "post_rr_local"]] + 2 * [[]]


def test_two_workers_finish_the_queue_with_a_core_each(project, queue):
    seen, status = queue
    assert status.count("Success") == 2
    assert max(map(len, seen)) == 2, "the workers never trained at the same time"
    assert max(max(counts, default=0) for counts in seen) == 1, "a model has two networks, one at a time"


def test_the_comparison_names_what_changed_and_puts_the_best_first(project, wider, queue):
    said = project.run(f"{sys.executable} -m arrhythmia compare").splitlines()
    assert said[0] == "CNN, inter-patient, held-out folds"
    assert "CNN, fused, inter-patient, held-out folds" in said
    assert sorted(said[1].split()[:3]) == ["cnn.filters", "experiment", "macro_f1_nsv"]
    table = said[2 : said.index("")]  # that of the fused networks follows
    rows = [dict(zip(said[1].split(), line.split(), strict=True)) for line in table]
    assert sorted(int(row["cnn.filters"]) for row in rows) == [4, 6, 8, 10]
    scores = [float(row["macro_f1_nsv"]) for row in rows]
    assert scores == sorted(scores, reverse=True)


def test_plots_overlay_curves_and_confusion_matrices(project, wider):
    """As the extension for VS Code asks for them: every plot, without an error."""
    said = project.run(f"dvc plots diff HEAD {wider} -o .dvc/tmp/plots --split --json")
    shown = json.loads(said)
    assert "errors" not in shown
    confusion = "plots/inter_patient/cnn/tables/classes.csv"
    for name in ("Loss, inter-patient, CNN", confusion):
        (plot,) = shown["data"][name]
        assert (plot["type"], plot["revisions"]) == ("vega", ["HEAD", wider])
    assert "Confusion (rows sum to 1), inter-patient, CNN" in str(shown["data"][confusion])


def test_an_applied_experiment_is_up_to_date(project, wider):
    project.run(f"dvc exp apply {wider}")
    params = read_yaml(project.folder / "params.yaml")
    said = project.run(f"dvc repro {TARGET}")
    project.restore()
    assert params["cnn"]["filters"] == 6
    assert "Running stage" not in said


def test_an_experiment_becomes_a_branch(project, wider):
    project.run(f"dvc exp branch {wider} keep-wider")
    assert project.params("keep-wider")["cnn"]["filters"] == 6


@pytest.fixture(scope="module")
def shared(project, wider):
    """A function that makes another clone, of the git remote to which commit and experiment were pushed."""
    project.restore()
    project.run("git push --quiet origin HEAD:refs/heads/main")
    project.run("dvc push")
    project.run(f"dvc exp push origin {wider}")

    def clone(name):
        made = Clone(project.home / name, project.home)
        project.run("git clone --quiet --branch main", str(project.home / "origin.git"), str(made.folder))
        return made

    return clone


@pytest.fixture(scope="module")
def other(shared):
    """Another clone, with the results of the commit."""
    clone = shared("other")
    clone.run("dvc pull")
    return clone


def test_another_clone_pulls_and_runs_nothing(other):
    assert "Running stage" not in other.run("dvc repro")
    assert other.run("git status --porcelain") == ""


def test_another_clone_takes_over_an_experiment_and_runs_nothing(other, wider):
    assert wider in other.run("dvc exp list origin")
    other.run(f"dvc exp pull origin {wider}")
    other.run(f"dvc exp apply {wider}")
    assert "Running stage" not in other.run(f"dvc repro {TARGET}")


@pytest.fixture(scope="module")
def bucket():
    """Address of a server on this machine that speaks the protocol of S3, with the bucket `beats`."""
    with served("beats") as address:
        yield address


def add_bucket(clone, url):
    clone.run("dvc remote add --local bucket s3://beats/project")
    clone.run(f"dvc remote modify --local bucket endpointurl {url}")


def test_another_clone_pulls_from_a_bucket(project, shared, bucket):
    add_bucket(project, bucket)
    project.run("dvc push --remote bucket", **KEYS)
    other = shared("fourth")
    add_bucket(other, bucket)
    other.run("dvc pull --remote bucket", **KEYS)
    assert "Running stage" not in other.run("dvc repro")
    kept = [path for folder in (project, other) for path in (folder.folder / ".dvc").glob("config*")]
    assert len(kept) == 4
    assert not any(KEYS["AWS_SECRET_ACCESS_KEY"] in path.read_text() for path in kept)


def test_a_bucket_without_credentials_is_refused(project, shared, bucket):
    other = shared("fifth")
    add_bucket(other, bucket)
    done = subprocess.run(
        ["dvc", "pull", "--remote", "bucket"],
        cwd=other.folder,
        env=other.environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "credentials" in done.stderr
