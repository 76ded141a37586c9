import contextlib
import json

import numpy as np
import pandas as pd
import pytest
import wfdb

from arrhythmia import paths
from arrhythmia.aami import labels_of
from arrhythmia.ecg.beats import Beats, save_beats
from arrhythmia.ecg.records import read_recording
from arrhythmia.errors import DataError
from arrhythmia.figures import strips
from arrhythmia.utils.files import save_arrays
from stages import evaluate
from tests.params import write_params

FIGURES = {
    f"{name}.png"
    for name in (
        "confusion",
        "curves",
        "reliability",
        "risk_coverage",
        "records",
        "mistakes",
        "worst_records",
    )
}
TABLES = {
    f"{name}.csv"
    for name in (
        *("classes", "precision_recall", "roc", "reliability", "risk_coverage", "symbols"),
        *("records", "ec57"),
    )
}


def beats_at(record, sample, symbol, *, source):
    n = len(sample)
    return Beats(
        waveform=np.random.default_rng(0).random((n, 187), np.float32),
        rr=np.full((n, 4), np.nan, np.float32),
        rr_long=np.full(n, np.nan, np.float32),
        record=np.asarray(record, str),
        sample=np.asarray(sample, np.int32),
        annotation=np.arange(n, dtype=np.int32),
        symbol=np.asarray(symbol, str),
        label=labels_of(symbol),
        kaggle=np.ones(n, bool),
        source=np.array(source),
        fs=np.array(125.0),
        r_index=np.array(62),
        rr_before=np.array(2),
    )


def guesses(label):
    rng = np.random.default_rng(1)
    probability = rng.dirichlet(np.ones(5), len(label)).astype(np.float32)
    probability[np.arange(len(label)), label] += 0.5
    return probability / np.float32(1.5)


def synthetic_beats():
    """Two small recordings in `data/raw`, and their beats."""
    paths.RAW.mkdir(parents=True)
    symbol, sample = np.tile(list("NNAVF/"), 10), 100 * np.arange(1, 61)
    signal = np.sin(np.arange(6200) / 9)[:, np.newaxis]
    for name in ("s01", "s02"):
        wfdb.wrsamp(name, 100, ["mV"], ["MLII"], p_signal=signal, fmt=["16"], write_dir=str(paths.RAW))
        wfdb.wrann(name, "atr", sample, symbol, write_dir=str(paths.RAW))
    record = np.repeat(["s01", "s02"], 60)
    return beats_at(record, np.tile(sample, 2), np.tile(symbol, 2), source="synthetic")


def write(beats, test, *, protocol="inter_patient", probability=None):
    probability = guesses(beats.label[test]) if probability is None else probability
    write_params(evaluate={"replicates": 50})
    save_beats(paths.BEATS, beats)
    save_arrays(paths.split(protocol), test=test)
    predictions = paths.predictions(protocol, "cnn")
    save_arrays(predictions, probability=probability, parameters=np.array(123))
    evaluate.main(protocol, "cnn")


@pytest.fixture(autouse=True)
def _empty_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with two small recordings, scored on some of their beats."""
    folder = tmp_path_factory.mktemp("project")
    with contextlib.chdir(folder):
        beats, test = synthetic_beats(), np.arange(5, 115)
        write(beats, test)
    return folder, beats, test


def files_below(folder):
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_writes_every_file_and_the_same_bytes_again(project, monkeypatch):
    folder, beats, test = project
    monkeypatch.chdir(folder)
    figures, tables = (
        list(place("inter_patient", "cnn").iterdir()) for place in (paths.figures, paths.tables)
    )
    assert ({path.name for path in figures}, {path.name for path in tables}) == (FIGURES, TABLES)
    assert all(path.stat().st_size < 150_000 for path in figures + tables)
    first = files_below(folder)
    write(beats, test)
    assert files_below(folder) == first


def test_the_metrics_are_those_of_the_test_rows(project):
    folder, beats, test = project
    text = (folder / paths.metrics("inter_patient", "cnn")).read_text()
    metrics = json.loads(text)
    assert text.endswith("}\n")
    assert (metrics["source"], metrics["parameters"], metrics["beats"]) == ("synthetic", 123, 110)
    correct = guesses(beats.label[test]).argmax(1) == beats.label[test]
    assert metrics["accuracy"] == pytest.approx(correct.mean(), abs=1e-5)


def test_the_tables_hold_a_row_a_beat_and_a_row_a_record(project):
    root, beats, test = project
    folder = root / paths.tables("inter_patient", "cnn")
    classes = pd.read_csv(folder / "classes.csv")
    assert classes["actual"].tolist() == [*np.array(list("NSVFQ"))[beats.label[test]]]
    assert set(classes.columns) == {"actual", "predicted"}
    assert pd.read_csv(folder / "records.csv")["record"].tolist() == ["s01", "s02"]
    assert pd.read_csv(folder / "ec57.csv")["record"].tolist() == ["s01", "s02", "gross", "average"]
    assert pd.read_csv(folder / "roc.csv").groupby("class").size().max() <= 200
    assert list(pd.read_csv(folder / "precision_recall.csv")) == ["class", "recall", "precision"]
    symbols = pd.read_csv(folder / "symbols.csv")
    assert symbols["symbol"].tolist() == list("NAVF/")
    assert symbols["beats"].sum() == 110
    risk_coverage = pd.read_csv(folder / "risk_coverage.csv")
    assert (len(risk_coverage), risk_coverage["rejected"].max()) == (101, 0.5)


def test_beats_without_recordings_are_scored_all_the_same():
    beats = beats_at(["100", "101"] * 30, [-1] * 60, np.tile(list("NNAVF/"), 10), source="kaggle")
    write(beats, np.arange(60), protocol="intra_patient")
    written = [
        {path.name for path in place("intra_patient", "cnn").iterdir()}
        for place in (paths.figures, paths.tables)
    ]
    assert written == [FIGURES - {"worst_records.png"}, TABLES]


def captions(monkeypatch):
    """Collect the captions of the strips that the next gallery shows."""
    shown, draw = [], strips.gallery

    def spy(chosen, *, title):
        shown.extend(strip.caption for strip in chosen)
        return draw(chosen, title=title)

    monkeypatch.setattr(strips, "gallery", spy)
    return shown


def test_the_gallery_shows_recordings_two_strips_of_each(monkeypatch):
    shown, beats = captions(monkeypatch), synthetic_beats()
    write(beats, np.arange(120), probability=np.tile(np.eye(5)[3], (120, 1)))
    assert shown == [
        f"record {name}, 0:0{second}.0, N classified as F (1.00)"
        for name in ("s01", "s02")
        for second in (1, 2)
    ]


def test_the_gallery_shows_windows_where_there_are_no_recordings(monkeypatch):
    shown, beats = captions(monkeypatch), beats_at(["100"] * 30, [-1] * 30, ["V"] * 30, source="kaggle")
    write(
        beats,
        np.arange(30),
        protocol="intra_patient",
        probability=np.tile(np.eye(5)[0] * 0.8 + 0.04, (30, 1)),
    )
    assert shown == ["record 100, V classified as N (0.84)"] * 2


def test_a_model_that_diverged_is_named_and_leaves_no_metrics():
    beats = synthetic_beats()
    probability = np.full((120, 5), np.nan)
    with pytest.raises(DataError, match=r"^cnn, inter_patient: 120 of 120 predictions"):
        write(beats, np.arange(120), probability=probability)
    assert not paths.metrics("inter_patient", "cnn").exists()


def test_real_recordings(monkeypatch, mitdb):
    monkeypatch.setattr(paths, "RAW", mitdb)
    recordings = [read_recording(mitdb, name) for name in ("202", "232")]
    record = np.concatenate([np.full(len(recording.sample), recording.name) for recording in recordings])
    sample = np.concatenate([recording.sample for recording in recordings])
    symbol = np.concatenate([recording.symbol for recording in recordings])
    labelled = labels_of(symbol) >= 0
    beats = beats_at(record[labelled], sample[labelled], symbol[labelled], source="physionet")
    write(beats, np.arange(len(beats)))
    metrics = json.loads(paths.metrics("inter_patient", "cnn").read_text())
    assert list(metrics["without"]) == ["202", "232"]
    assert metrics["classes"]["S"]["support"] == 55 + 1382
