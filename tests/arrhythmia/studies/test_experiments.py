import pytest

from arrhythmia.errors import DataError
from arrhythmia.studies.experiments import (
    find_experiment,
    git,
    read_card,
    read_params,
    refuse_changes,
    run_experiment,
    target,
)


def test_a_clean_tree_may_start(repository):
    (repository / "untracked").write_text("x")
    refuse_changes()


def test_a_changed_file_is_named(repository):
    (repository / "params.yaml").write_text("train: {}\n")
    with pytest.raises(DataError, match=r"^params\.yaml: changed since the last commit"):
        refuse_changes()
    git("rm", "--quiet", "-r", "metrics")
    with pytest.raises(DataError, match=r"^metrics/all_patients/cnn\.json and 10 more: changed"):
        refuse_changes()


def test_the_tables_may_differ(repository):
    table = repository / "experiments/results/seeds.csv"
    table.parent.mkdir(parents=True)
    table.write_text("a\n")
    git("add", ".")
    git("commit", "--quiet", "--message", "table")
    table.write_text("b\n")
    refuse_changes()


def test_no_repository_is_said_in_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(DataError, match=r"^git status: .*not a git repository"):
        refuse_changes()


def test_target():
    assert target("intra_patient", "cnn") == "evaluate@intra_patient-cnn"
    assert target("inter_patient", "forest") == "evaluate@inter_patient-forest"


def test_an_experiment_runs_beside_the_workspace(repository, dvc):
    commit = run_experiment("try", {"train.seed": 3}, ["evaluate@inter_patient-cnn"])
    words = "exp run -n try --temp -S train.seed=3 evaluate@inter_patient-cnn".split()
    assert dvc.runs == [words]
    assert commit == find_experiment("try")
    assert read_params(commit)["train"]["seed"] == 3
    assert read_card(commit, "inter_patient", "cnn")["accuracy"] == 0.8
    assert read_card("HEAD", "inter_patient", "cnn")["accuracy"] == 0.9


def test_an_experiment_that_is_there_is_run_again(repository, dvc):
    run_experiment("try", {"train.seed": 3}, ["a"])
    run_experiment("try", {"train.seed": 3}, ["b"])
    assert [words[-1] for words in dvc.runs] == ["a", "b"]


def test_an_experiment_with_other_parameters_is_left_alone(repository, dvc):
    commit = run_experiment("try", {"train.seed": 3}, [])
    with pytest.raises(DataError, match="'try' has other parameters; `dvc exp remove try` makes room"):
        run_experiment("try", {"train.seed": 4}, [])
    assert find_experiment("try") == commit


def test_an_experiment_of_another_commit_does_not_count(repository, dvc):
    run_experiment("try", {"train.seed": 3}, [])
    git("commit", "--quiet", "--allow-empty", "--message", "next")
    assert find_experiment("try") == ""
    assert read_params(run_experiment("try", {"train.seed": 4}, []))["train"]["seed"] == 4


def test_a_failed_run_is_named(repository, dvc):
    dvc.fails.add("try")
    with pytest.raises(DataError, match="experiment 'try' failed"):
        run_experiment("try", {"train.seed": 3}, [])
    assert find_experiment("try") == ""


def test_missing_metrics_are_named(repository):
    with pytest.raises(DataError, match=r"^git show: .*metrics/intra_patient/svm\.json"):
        read_card("HEAD", "intra_patient", "svm")
