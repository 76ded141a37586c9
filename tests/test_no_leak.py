"""The promise behind every inter-patient score: no test record reaches a fit, a scaler or a temperature.

The test records of short synthetic recordings are replaced by garbage. Training arrays, model and
cross-validated scores must not change by a byte, while each leak that is built in on purpose changes them.
"""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from arrhythmia import paths
from arrhythmia.aami import DS1, DS2, PACED, SYNTHETIC_DS1, SYNTHETIC_DS2
from arrhythmia.datasets.synthetic.recordings import write_recordings
from arrhythmia.ecg.beats import load_beats
from arrhythmia.features import table
from arrhythmia.params import load_params, read_yaml
from arrhythmia.preprocessing.splits import inter_patient
from arrhythmia.protocols import SOURCES, Source
from arrhythmia.training import calibration
from arrhythmia.utils.files import load_arrays, save_arrays
from stages import calibrate, normalize, predict, segment, split, train_cnn, train_forest
from tests.imports import imported_modules
from tests.in_process import run_in_process
from tests.params import write_params

ROOT = Path(__file__).parents[1]
STAGES = read_yaml(ROOT / "dvc.yaml")["stages"]
PARAMS = load_params(ROOT / "params.yaml")
INTER, INTRA, ALL = "inter_patient", "intra_patient", "all_patients"
TINY = {
    "download": {"source": "synthetic"},
    "split": {"folds": 2},
    "train": {"epochs": dict.fromkeys((INTRA, INTER), 1), "ensemble_size": 1},
    "cnn": {"network": "residual", "filters": 4, "blocks": 1, "kernel_size": 3, "dense": 4},
}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A folder with a minute of each synthetic recording; the committed parameters but for a tiny network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("project"))
        write_params(**TINY)
        write_recordings(paths.RAW, seconds=60, seed=0)
        segment.main()
        yield Path.cwd()


@pytest.fixture(scope="module")
def beats(project):
    return load_beats(paths.BEATS)


def is_tested(beats):
    return np.isin(beats.record, SYNTHETIC_DS2)


def poisoned(beats, rows):
    """Return the beats with garbage in the chosen rows: waveforms, intervals, symbols and labels."""
    rng = np.random.default_rng(7)
    columns = {name: getattr(beats, name).copy() for name in ("waveform", "rr", "rr_long", "symbol", "label")}
    n = np.sum(rows)
    columns["waveform"][rows] = rng.normal(5, 50, columns["waveform"][rows].shape)
    columns["rr"][rows] = rng.uniform(0.1, 9, columns["rr"][rows].shape)
    columns["rr_long"][rows] = rng.uniform(0.1, 9, n)
    order = rng.permutation(n)
    columns["symbol"][rows], columns["label"][rows] = beats.symbol[rows][order], beats.label[rows][order]
    return dataclasses.replace(beats, **columns)


def without(beats, rows):
    """Return the beats but for the chosen rows."""
    n = len(beats)
    columns = {field.name: getattr(beats, field.name) for field in dataclasses.fields(beats)}
    return dataclasses.replace(
        beats, **{name: column[~rows] for name, column in columns.items() if column.shape[:1] == (n,)}
    )


def training_arrays(beats):
    """Run `split` and `normalize`; return the bytes of the arrays that networks learn from."""
    segment.write(beats)
    split.main(INTER)
    normalize.main(INTER)
    return paths.normalized(INTER, "train").read_bytes()


def trained(keras):
    """Run `train_cnn`; return the bytes of the model and of the cross-validated scores."""
    run_in_process(train_cnn, INTER)
    return paths.model(INTER, "cnn").read_bytes(), paths.cross_validated(INTER, "cnn").read_bytes()


@pytest.fixture(scope="module")
def clean(beats):
    """Bytes of the training arrays, before anything is poisoned."""
    return training_arrays(beats)


@pytest.fixture(scope="module")
def clean_training(clean, keras):
    """Bytes of the training arrays, the model and its scores, before anything is poisoned."""
    return clean, *trained(keras)


@pytest.mark.slow
def test_what_the_test_records_hold_changes_nothing_that_is_learnt(beats, clean_training, keras):
    """Half of their beats are gone, and the others are garbage."""
    garbage = poisoned(beats, is_tested(beats))
    arrays = training_arrays(without(garbage, is_tested(beats) & (np.arange(len(beats)) % 2 == 0)))
    assert (arrays, *trained(keras)) == clean_training


def test_the_test_arrays_did_change(beats, clean):
    """Else the other tests here would prove nothing."""
    training_arrays(beats)
    before = load_arrays(paths.normalized(INTER, "test"))
    training_arrays(poisoned(beats, is_tested(beats)))
    after = load_arrays(paths.normalized(INTER, "test"))
    for name in ("waveform", "features", "label"):
        assert (after[name] != before[name]).any()


@pytest.mark.slow
def test_training_runs_where_there_is_nothing_but_the_training_arrays(
    clean_training, keras, tmp_path, monkeypatch
):
    arrays, *expected = clean_training
    params = Path("params.yaml").read_text()
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(params)
    paths.normalized(INTER, "train").parent.mkdir(parents=True)
    paths.normalized(INTER, "train").write_bytes(arrays)
    assert list(trained(keras)) == expected


def fit_everything(monkeypatch):
    """Have the scalers fitted on all rows in place of the training rows."""
    fit = normalize.fit_preprocessor

    def on_all_rows(beats, train, **settings):
        return fit(beats, np.arange(len(beats)), **settings)

    monkeypatch.setattr(normalize, "fit_preprocessor", on_all_rows)


def choose(monkeypatch, **settings):
    params = load_params()
    params["normalize"].update(settings)
    monkeypatch.setattr(normalize, "load_params", lambda: params)


def leak_of_waveforms(monkeypatch):
    choose(monkeypatch, method="standard", features=[])
    fit_everything(monkeypatch)


def leak_of_a_record(monkeypatch):
    train, test = SYNTHETIC_DS1, SYNTHETIC_DS2
    monkeypatch.setitem(SOURCES, "synthetic", Source("leaking", (*train, test[0]), test[1:]))


def leak_of_the_template(monkeypatch):
    mixed = table.template_beat
    monkeypatch.setattr(
        table,
        "template_beat",
        lambda waveform, rr, record: mixed(waveform, rr, np.full(len(record), "all")),
    )


@pytest.mark.parametrize("leak", [leak_of_waveforms, leak_of_a_record, leak_of_the_template])
def test_a_leak_into_the_training_arrays_is_seen(beats, monkeypatch, leak):
    leak(monkeypatch)
    assert training_arrays(beats) != training_arrays(poisoned(beats, is_tested(beats)))


def test_a_scaler_fitted_on_training_rows_is_no_leak(beats, monkeypatch):
    """`standard` is fitted, unlike the default; the leak above lies in the rows, not in the method."""
    choose(monkeypatch, method="standard")
    assert training_arrays(beats) == training_arrays(poisoned(beats, is_tested(beats)))


@pytest.mark.slow
def test_a_leak_into_the_temperature_is_seen(beats, clean, keras, monkeypatch):
    fit_temperature = calibration.fit_temperature

    def peeking(logits, label):
        test = load_arrays(paths.normalized(INTER, "test"))["label"]
        return fit_temperature(
            np.concatenate([logits, np.eye(5)[test % 3]]), np.concatenate([label, test % 2])
        )

    monkeypatch.setattr(calibration, "fit_temperature", peeking)
    seen = []
    for version in (beats, without(beats, is_tested(beats) & (beats.label == 0))):
        assert training_arrays(version) == clean
        seen.append(trained(keras))
    for before, after in zip(*seen, strict=True):
        assert before != after


def out_of_fold(keras, beats):
    """Train and predict under all_patients, in the folds that are there; return probabilities and folds."""
    segment.write(beats)
    normalize.main(ALL)
    run_in_process(train_cnn, ALL)
    calibrate.main(ALL, "cnn")
    predict.main(ALL, "cnn")
    return load_arrays(paths.predictions(ALL, "cnn"))["probability"], load_arrays(paths.split(ALL))["fold"]


@pytest.mark.slow
def test_labels_of_a_patient_do_not_change_what_is_said_of_that_patient(beats, keras):
    """So little is learnt here that all temperatures are at their limit: what changes are the networks."""
    segment.write(beats)
    split.main(ALL)
    rhythm = np.random.default_rng(0).dirichlet(np.ones(5), size=len(beats))
    save_arrays(paths.RHYTHM_PREDICTIONS, probability=rhythm)
    before, fold = out_of_fold(keras, beats)
    label = np.where(fold == 0, (beats.label + 1) % 5, beats.label).astype(np.int8)
    after, _ = out_of_fold(keras, dataclasses.replace(beats, label=label))
    np.testing.assert_array_equal(after[fold == 0], before[fold == 0])
    assert (after[fold == 1] != before[fold == 1]).any()  # whose networks have learnt from these labels


def forest_on_a_spared_record(beats):
    """Run `train_forest`; return its probabilities for the last test record."""
    segment.write(beats)
    split.main(INTER)
    train_forest.main(INTER)
    test = load_arrays(paths.split(INTER))["test"]
    probability = load_arrays(paths.predictions(INTER, "forest"))["probability"]
    return probability[beats.record[test] == SYNTHETIC_DS2[-1]]


def but_the_last(beats):
    return is_tested(beats) & (beats.record != SYNTHETIC_DS2[-1])


def test_other_test_records_do_not_change_what_the_forest_says(beats):
    before = forest_on_a_spared_record(beats)
    after = forest_on_a_spared_record(poisoned(beats, but_the_last(beats)))
    assert len(before) > 0
    np.testing.assert_array_equal(before, after)


def test_the_forests_scores_to_choose_by_know_no_test_record(beats):
    seen = []
    for version in (beats, poisoned(beats, is_tested(beats))):
        forest_on_a_spared_record(version)
        seen.append(paths.cross_validated(INTER, "forest").read_bytes())
    assert seen[0] == seen[1]


def test_the_labels_of_a_test_record_do_not_change_what_the_forest_says_about_it(beats):
    before = forest_on_a_spared_record(beats)
    label = np.where(beats.record == SYNTHETIC_DS2[-1], (beats.label + 1) % 5, beats.label).astype(np.int8)
    after = forest_on_a_spared_record(dataclasses.replace(beats, label=label))
    np.testing.assert_array_equal(before, after)


def test_a_leak_into_the_forest_is_seen(beats, monkeypatch):
    fit = train_forest.forest_probabilities
    monkeypatch.setattr(
        train_forest,
        "forest_probabilities",
        lambda features, label, train, test, **settings: fit(
            features, label, np.concatenate([train, test]), test, **settings
        ),
    )
    before = forest_on_a_spared_record(beats)
    after = forest_on_a_spared_record(poisoned(beats, but_the_last(beats)))
    assert (before != after).any()


def test_labels_of_test_beats_change_no_training_array_where_patients_are_on_both_sides(beats):
    """Under intra_patient a record's amplitude and template beat know its test beats, but no label."""
    segment.write(beats)
    split.main(INTRA)
    test = load_arrays(paths.split(INTRA))["test"]
    normalize.main(INTRA)
    before = paths.normalized(INTRA, "train").read_bytes()
    label = beats.label.copy()
    label[test] = (label[test] + 1) % 5
    segment.write(dataclasses.replace(beats, label=label))
    normalize.main(INTRA)
    assert paths.normalized(INTRA, "train").read_bytes() == before


# What dvc.yaml lets a stage see


def sees(stage, path):
    """Say whether a stage depends on `path`, by itself or in a folder."""
    return any(path == dep or path.startswith(f"{dep.rstrip('/')}/") for dep in STAGES[stage]["deps"])


def data_of(stage):
    return {dep for dep in STAGES[stage]["deps"] if not dep.startswith(("arrhythmia/", "stages/"))}


@pytest.mark.parametrize("stage", ["train_cnn", "train_rnn"])
def test_a_training_depends_on_the_training_arrays_alone(stage):
    assert data_of(stage) == {"data/normalized/${item.protocol}/train.npz"}


@pytest.mark.parametrize("protocol", ["${item.protocol}", INTER, INTRA])
def test_only_prediction_and_export_depend_on_the_test_arrays(protocol):
    """The export compares the answers of its files with those of the Keras model."""
    test = f"data/normalized/{protocol}/test.npz"
    assert {stage for stage in STAGES if sees(stage, test)} <= {"predict", "export"}
    assert sees("predict", "data/normalized/${item.protocol}/test.npz")


def test_no_stage_before_the_scores_depends_on_scores():
    """A choice by test scores inside the pipeline would need them."""
    first = ("download", "segment", "split", "normalize", "train_cnn", "train_rnn", "train_forest")
    scores = [
        f"{folder}/x" for folder in ("metrics", "plots", "experiments/results", "models", "data/predictions")
    ]
    assert [stage for stage in first if any(sees(stage, path) for path in scores)] == []
    assert sees("report", "metrics/x")


@pytest.mark.parametrize("stage", ["predict", "evaluate", "export"])
def test_what_sees_the_test_arrays_has_no_means_to_fit(stage, monkeypatch):
    monkeypatch.chdir(ROOT)
    fitting = {
        "arrhythmia/models/forest.py",
        "arrhythmia/preprocessing/splits.py",
        "arrhythmia/training/calibration.py",
        "arrhythmia/training/ensemble.py",
        "arrhythmia/training/fit.py",
    }
    used = imported_modules(f"stages/{stage}.py")
    assert not used & fitting
    # scaling: the export needs the numbers that were fitted
    assert "arrhythmia/preprocessing/scaling.py" not in used or stage == "export"
    assert "fit_" not in (ROOT / f"stages/{stage}.py").read_text()
    trained = imported_modules("stages/train_cnn.py")
    assert {"arrhythmia/training/calibration.py", "arrhythmia/training/fit.py"} <= trained


# The real recordings


def test_the_division_is_that_of_de_chazal_2004_and_shares_no_record():
    assert (SOURCES["physionet"].training, SOURCES["physionet"].testing) == (DS1, DS2)
    assert len(set(DS1)) == len(DS1) == len(set(DS2)) == len(DS2) == 22
    assert not set(DS1) & set(DS2)
    assert not {*DS1, *DS2} & set(PACED)
    assert not set(SYNTHETIC_DS1) & set(SYNTHETIC_DS2)


def test_no_training_row_of_the_real_recordings_is_of_a_test_record(real_beats):
    for beats in real_beats.values():
        chosen = inter_patient(beats, folds=PARAMS["split"]["folds"])
        assert set(beats.record[chosen.train]) == set(DS1)
        assert set(beats.record[chosen.test]) == set(DS2)
        held_out = [set(beats.record[chosen.train[chosen.fold == fold]]) for fold in set(chosen.fold)]
        assert sum(map(len, held_out)) == len(DS1)


def test_no_training_row_of_the_pipelines_last_run_is_of_a_test_record(monkeypatch):
    monkeypatch.chdir(ROOT)
    made = [paths.BEATS, paths.split(INTER), paths.normalized(INTER, "train")]
    if not all(path.exists() for path in made):
        pytest.skip("the pipeline has not been run here")
    beats, rows, arrays = load_beats(made[0]), load_arrays(made[1]), load_arrays(made[2])
    source = SOURCES[str(beats.source)]
    assert set(beats.record[rows["train"]]) <= set(source.training)
    assert set(beats.record[rows["test"]]) <= set(source.testing)
    np.testing.assert_array_equal(arrays["label"], beats.label[rows["train"]])
    np.testing.assert_array_equal(arrays["fold"], rows["fold"])
