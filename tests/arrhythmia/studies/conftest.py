"""A git repository of a few files, in which DVC is played by a function."""

import itertools
import json
import subprocess

import pytest
import yaml

from arrhythmia.params import read_yaml
from arrhythmia.protocols import PROTOCOLS
from arrhythmia.report.run_tables import headline_scores, seeds_table
from arrhythmia.studies import experiments
from arrhythmia.studies.experiments import reference
from arrhythmia.studies.programs import git
from tests import cards as made

PARAMS = {
    "protocols": list(PROTOCOLS),
    "train": {"seed": 0, "lr": 0.1},
    "forest": {"seed": 0, "trees": 4},
    "rhythm": {"seed": 0},
    "fusion": {"weight": {"intra_patient": 0.0, "inter_patient": 0.5}},
}


def card(accuracy):
    scores = dict.fromkeys(("macro_f1", "macro_f1_nsv", "j_kappa", "ece"), 0.5)
    classes = {name: {"f1": 0.5} for name in "SV"}
    return {"accuracy": accuracy, **scores, "classes": classes, "parameters": 10}


def write_metrics(folder, accuracy):
    for protocol in PROTOCOLS:
        for model in ("cnn", "rnn", "forest"):
            path = folder / "metrics" / protocol / f"{model}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(card(accuracy)))
    strata = {"mean": {"f1_S": accuracy, "f1_V": 0.5}, "worst": {"f1_S": 0.1, "f1_V": 0.2}}
    (folder / "metrics/rhythm.json").write_text(json.dumps(strata))


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with parameters and metrics of accuracy 0.9, which is the current folder."""
    for key in ("GIT_AUTHOR", "GIT_COMMITTER"):
        monkeypatch.setenv(f"{key}_NAME", "test")
        monkeypatch.setenv(f"{key}_EMAIL", "test@localhost")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(PARAMS))
    write_metrics(tmp_path, 0.9)
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message", "start")
    return tmp_path


class FakeDvc:
    """Plays `dvc exp run --temp`: commits other parameters and metrics to the experiment's reference.

    Attributes:
        runs: the words of every call.
        fails: names of experiments that shall fail.
    """

    def __init__(self, folder):
        self.folder, self.runs, self.fails = folder, [], set()

    def __call__(self, words):
        self.runs.append(words)
        name = words[words.index("-n") + 1]
        if name in self.fails:
            return 1
        params = read_yaml(self.folder / "params.yaml")
        for setting in (after for before, after in itertools.pairwise(words) if before == "-S"):
            key, value = setting.split("=")
            group, setting = key.split(".")
            params[group][setting] = json.loads(value)
        (self.folder / "params.yaml").write_text(yaml.safe_dump(params))
        write_metrics(self.folder, 0.5 + (params["train"]["seed"] + params["rhythm"]["seed"]) / 10)
        tree = subprocess.run("git add -u && git write-tree", shell=True, capture_output=True, text=True)
        commit = git("commit-tree", tree.stdout.strip(), "-p", "HEAD", "-m", name).strip()
        git("update-ref", reference(name), commit)
        git("reset", "--hard", "--quiet")
        return 0


@pytest.fixture
def dvc(repository, monkeypatch):
    fake = FakeDvc(repository)
    monkeypatch.setattr(experiments, "run_dvc", fake)
    return fake


@pytest.fixture(scope="module")
def cards():
    """Metrics by protocol and model."""
    return made.make_cards(list(PROTOCOLS))


@pytest.fixture(scope="module")
def seeds(cards):
    """The table of two seeds, one of which is `cards`."""
    others = {key: made.card(key[0], hits=0.8) for key in cards}
    tables = ({key: headline_scores(of) for key, of in cards_.items()} for cards_ in (cards, others))
    return seeds_table(dict(enumerate(tables)), "abc1234")
