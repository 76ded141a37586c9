import pandas as pd

from arrhythmia import paths
from arrhythmia.studies import rhythm_seeds


def test_only_the_seed_of_the_rhythm_network_moves_and_only_what_is_fused_is_a_target(dvc):
    rhythm_seeds.main(["--seeds", "3"])
    (words,) = dvc.runs
    assert words[:7] == "exp run -n rhythm-seed-3 --temp -S rhythm.seed=3".split()
    assert words[7:] == [
        f"evaluate@{protocol}-{network}"
        for protocol in ("inter_patient", "all_patients")
        for network in ("cnn", "rnn")
    ]


def test_the_table_has_the_networks_and_the_simulated_strata(dvc):
    rhythm_seeds.main(["--seeds", "0", "1", "2"])
    table = pd.read_csv(paths.RHYTHM_SEEDS).set_index(["protocol", "model", "metric"])
    assert len(table) == 2 * 2 * 7 + 2 * 2
    for key in (("inter_patient", "rnn", "accuracy"), ("simulated", "rhythm, mean of the strata", "f1_S")):
        row = table.loc[key]
        assert (row["mean"], row["sd"], row["min"], row["max"], row["seeds"]) == (0.6, 0.1, 0.5, 0.7, "0 1 2")
