import pandas as pd
import pytest

from arrhythmia import paths
from arrhythmia.errors import DataError
from arrhythmia.studies import seeds
from arrhythmia.studies.programs import git


def test_the_table_of_three_seeds(dvc):
    seeds.main(["--seeds", "0", "1", "2", "1"])
    table = pd.read_csv(paths.SEEDS)
    assert len(table) == 3 * 3 * 7
    row = table.set_index(["protocol", "model", "metric"]).loc["inter_patient", "rnn", "accuracy"]
    assert (row["mean"], row["sd"], row["min"], row["max"], row["seeds"]) == (0.6, 0.1, 0.5, 0.7, "0 1 2")
    assert git("status", "--porcelain") == "?? experiments/\n"


def test_both_seeds_move_and_every_model_is_a_target(dvc):
    seeds.main(["--seeds", "3"])
    (words,) = dvc.runs
    assert words[:9] == "exp run -n seed-3 --temp -S train.seed=3 -S forest.seed=3".split()
    assert words[9:] == [
        f"evaluate@{protocol}-{model}"
        for protocol in ("intra_patient", "inter_patient", "all_patients")
        for model in ("cnn", "rnn", "forest")
    ]


def test_no_table_where_a_seed_fails(dvc):
    dvc.fails.add("seed-1")
    with pytest.raises(DataError, match="seed-1"):
        seeds.main([])
    assert not paths.SEEDS.exists()
    dvc.fails.clear()
    seeds.main([])
    assert paths.SEEDS.exists()


def test_a_changed_tree_is_refused_before_anything_runs(repository, dvc):
    (repository / "params.yaml").write_text("train: {}\n")
    with pytest.raises(DataError, match="changed since the last commit"):
        seeds.main([])
    assert dvc.runs == []
