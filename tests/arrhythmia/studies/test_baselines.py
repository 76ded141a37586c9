import pandas as pd
import pytest

from arrhythmia import paths
from arrhythmia.errors import DataError
from arrhythmia.studies import baselines
from arrhythmia.studies.programs import git


@pytest.fixture
def configs(repository, monkeypatch):
    """Two small configs in the repository instead of the real ones."""
    monkeypatch.setattr(baselines, "CONFIGS", {"few": "forest", "fast": "cnn"})
    monkeypatch.setattr(baselines, "ORDER", ["few", "fast", "cnn"])
    (repository / "experiments/configs").mkdir(parents=True)
    paths.config("few").write_text("# A small forest\n#\n# more\nforest: {trees: 1}\n")
    paths.config("fast").write_text("# A fast CNN\ntrain: {lr: 0.5, seed: 2}\n")
    git("add", ".")
    git("commit", "--quiet", "--message", "configs")


def table():
    return pd.read_csv(paths.BASELINES, dtype=str, keep_default_na=False).set_index(["protocol", "name"])


def test_rows_of_configs_and_of_the_committed_models(dvc, configs):
    baselines.main([])
    rows = table()
    assert [name for protocol, name in rows.index if protocol == "intra_patient"] == [
        "few",
        "fast",
        "cnn",
        "forest",
        "rnn",
    ]
    assert len(rows) == 10
    assert rows.loc[("inter_patient", "fast"), ["what", "accuracy", "parameters"]].tolist() == [
        "A fast CNN",
        "0.70000",
        "10",
    ]
    assert set(rows.xs("cnn", level="name")["accuracy"]) == {"0.90000"}
    assert [words[-2:] for words in dvc.runs] == [
        ["evaluate@intra_patient-forest", "evaluate@inter_patient-forest"],
        ["evaluate@intra_patient-cnn", "evaluate@inter_patient-cnn"],
    ]
    assert git("status", "--porcelain") == "?? experiments/results/\n"


def test_other_rows_and_measured_seconds_stay(dvc, configs):
    baselines.main([])
    timed = {"train_seconds": "12.0", "seconds_to_0918": "not passed"}
    baselines.write_rows([{"name": "fast", "protocol": "intra_patient", **timed}])
    before = table()
    baselines.main(["--only", "few"])
    pd.testing.assert_frame_equal(table(), before)
    assert table().loc[("intra_patient", "fast"), "train_seconds"] == "12.0"
    assert len(dvc.runs) == 3


def test_a_failed_experiment_is_named_and_the_others_go_on(dvc, configs):
    dvc.fails.add("baseline-few")
    with pytest.raises(DataError, match=r"^without new rows for few, which failed$"):
        baselines.main([])
    names = set(table().index.get_level_values("name"))
    assert "fast" in names
    assert "few" not in names


def test_an_unknown_name_is_refused(dvc, configs):
    with pytest.raises(DataError, match="--only slow: no baseline; there is few, fast"):
        baselines.main(["--only", "few,slow"])
    assert dvc.runs == []


def test_the_order_names_every_row():
    assert set(baselines.ORDER) == set(baselines.CONFIGS) | set(baselines.COMMITTED)
