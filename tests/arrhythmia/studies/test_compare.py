import subprocess

import pandas as pd
import pytest

from arrhythmia.errors import DataError
from arrhythmia.studies import compare, programs
from arrhythmia.studies.compare import tables_of

SETTINGS = ["cnn.filters", "rnn.units", "normalize.features"]


def shown(**columns):
    """What DVC lists of the last commit and two experiments; scores of the CNN as `cnn_f1_S`."""
    table = {"Experiment": [None, "small", "large"], "rev": ["main", "1234567", "89abcde"]}
    for name, values in columns.items():
        model, _, score = name.partition("_")
        table[f"metrics/inter_patient/{model}_cv.json:{score}"] = values
    return pd.DataFrame(table)


def test_one_table_a_model_with_the_best_first():
    listed = shown(cnn_macro_f1_nsv=[0.5, 0.4, 0.6], cnn_log_loss=[1.0, 2.0, 3.0])
    listed["cnn.filters"] = [32, 16, 48]
    ((title, table),) = tables_of(listed, SETTINGS)
    assert title == "CNN, inter-patient, held-out folds"
    assert list(table) == ["experiment", "cnn.filters", "macro_f1_nsv", "log_loss"]
    assert table["experiment"].tolist() == ["large", "main", "small"]
    assert table["cnn.filters"].tolist() == [48, 32, 16]


def test_an_experiment_that_left_a_model_alone_is_not_in_its_table():
    listed = shown(cnn_f1_S=[0.5, 0.4, 0.5], rnn_f1_S=[0.5, 0.5, 0.6])
    listed["cnn.filters"], listed["rnn.units"] = [32, 16, 32], [48, 48, 64]
    (_, cnn), (_, rnn) = tables_of(listed, SETTINGS)
    assert cnn["experiment"].tolist() == ["main", "small"]
    assert list(cnn) == ["experiment", "cnn.filters", "f1_S"]
    assert rnn["experiment"].tolist() == ["large", "main"]
    assert list(rnn) == ["experiment", "rnn.units", "f1_S"]


def test_a_number_in_place_of_values_by_protocol_is_shown():
    listed = shown(cnn_f1_S=[0.5, 0.4, 0.3])
    listed["cnn.filters.inter_patient"], listed["cnn.filters"] = [16, None, None], [None, 24, 48]
    ((_, table),) = tables_of(listed, ["cnn.filters.intra_patient", "cnn.filters.inter_patient"])
    assert table["cnn.filters"].tolist()[1:] == [24, 48]


def test_lists_are_shown_without_quotes():
    listed = shown(cnn_f1_S=[0.5, 0.4, 0.3])
    listed["normalize.features"] = ["['pre_rr_local', 'post_rr_local']", "[]", "['pre_rr_local']"]
    ((_, table),) = tables_of(listed, SETTINGS)
    assert table["normalize.features"].tolist() == ["[pre_rr_local, post_rr_local]", "[]", "[pre_rr_local]"]


def test_scores_on_the_test_records_stay_out():
    listed = shown()
    listed["metrics/inter_patient/cnn.json:macro_f1_nsv"] = [0.1, 0.2, 0.3]
    assert list(tables_of(listed, SETTINGS)) == []


def test_the_lowest_log_loss_is_the_best():
    ((_, table),) = tables_of(shown(cnn_log_loss=[0.15, 0.3, 0.1]), SETTINGS)
    assert table["experiment"].tolist() == ["large", "main", "small"]


@pytest.mark.parametrize("said", ["", shown().to_csv(index=False)], ids=["no experiment", "equal scores"])
def test_nothing_to_compare_is_said(monkeypatch, said):
    monkeypatch.setattr(compare, "dvc_output", lambda words: said)
    with pytest.raises(DataError, match="no experiment of the last commit differs from it"):
        compare.main([])


def test_where_dvc_fails_its_last_line_is_the_reason(tmp_path, monkeypatch):
    failed = subprocess.CompletedProcess([], 255, "", "much\nERROR: you are not inside of a DVC repository")
    monkeypatch.setattr(programs.subprocess, "run", lambda *words, **options: failed)
    with pytest.raises(DataError, match=r"^dvc exp show: ERROR: you are not inside of a DVC repository$"):
        compare.experiments()
