from pathlib import Path

import numpy as np
import pytest
import wfdb

from arrhythmia.aami import (
    CLASSES,
    SYMBOLS,
    SYNTHETIC_DS1,
    SYNTHETIC_DS2,
    SYNTHETIC_PACED,
    SYNTHETIC_RECORDS,
    labels_of,
)
from arrhythmia.datasets.synthetic import recordings
from arrhythmia.datasets.synthetic.recordings import FS, write_recordings
from arrhythmia.errors import DataError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("synthetic")
    write_recordings(path, seconds=120, seed=3)
    return path


def read(folder, name):
    record = wfdb.rdrecord(str(folder / name))
    annotation = wfdb.rdann(str(folder / name), "atr")
    return record, annotation.sample, np.array(annotation.symbol)


def cut(record, at, reach):
    """MLII up to `reach` samples around each position, less the median around it: `(n, 2 reach + 1)` mV."""
    at = at[(at > 90) & (at < record.sig_len - 90)]
    windows = record.p_signal[:, 0][at[:, None] + np.arange(-90, 91)]
    return (windows - np.median(windows, axis=1, keepdims=True))[:, 90 - reach : 91 + reach]


def widths(record, at):
    """How many of the samples around each peak lie beyond half of its height."""
    windows = np.abs(cut(record, at, 54))
    return (windows > windows[:, 54:55] / 2)[:, 30:79].sum(axis=1)


def test_same_arguments_give_the_same_bytes(folder, tmp_path):
    write_recordings(tmp_path / "new" / "folder", seconds=120, seed=3)
    for path in folder.iterdir():
        assert (tmp_path / "new" / "folder" / path.name).read_bytes() == path.read_bytes(), path.name


def test_another_seed_gives_other_recordings(folder, tmp_path):
    write_recordings(tmp_path, seconds=120, seed=4)
    for name in SYNTHETIC_RECORDS:
        for suffix in (".dat", ".atr"):
            assert (tmp_path / (name + suffix)).read_bytes() != (folder / (name + suffix)).read_bytes()


def test_writes_the_listed_files_and_nothing_else(folder):
    files = [name + suffix for name in SYNTHETIC_RECORDS for suffix in (".dat", ".hea", ".atr")]
    assert sorted(path.name for path in folder.iterdir()) == sorted([*files, "RECORDS"])
    assert (folder / "RECORDS").read_text().split() == list(SYNTHETIC_RECORDS)


def test_header_is_that_of_the_mit_bih_database_and_says_synthetic(folder):
    header = wfdb.rdheader(str(folder / "s01"))
    assert (header.fs, header.sig_len, header.n_sig) == (360, 120 * 360, 2)
    assert (header.fmt, header.sig_name) == (["212", "212"], ["MLII", "V1"])
    assert (header.adc_gain, header.baseline, header.units) == ([200, 200], [1024, 1024], ["mV", "mV"])
    assert (header.adc_res, header.adc_zero) == ([11, 11], [1024, 1024])
    assert header.comments == ["synthetic recording, not of a person"]
    assert header.base_date is None
    assert header.base_time is None


def test_signal_stays_within_what_the_converter_holds(folder):
    for name in SYNTHETIC_RECORDS:
        digital = wfdb.rdrecord(str(folder / name), physical=False).d_signal
        assert digital.min() > 0
        assert digital.max() < 2047
        assert np.abs(np.median(digital, axis=0) - 1024).max() < 100


def test_rhythm_and_signal_quality_are_annotated(folder):
    rhythms = set()
    for name in SYNTHETIC_RECORDS:
        annotation = wfdb.rdann(str(folder / name), "atr")
        assert annotation.symbol[0] == "+"
        assert np.all(np.diff(annotation.sample) > 0)
        rhythms.add(annotation.aux_note[0])
        quality = annotation.subtype[np.array(annotation.symbol) == "~"]
        np.testing.assert_array_equal(quality, [1, 0] * (len(quality) // 2))
    assert rhythms == {"(N", "(AFIB", "(P"}


@pytest.mark.parametrize("half", [SYNTHETIC_DS1, SYNTHETIC_DS2])
def test_every_class_is_in_several_records_of_each_half(folder, half):
    present = np.zeros((len(half), len(CLASSES)), dtype=bool)
    for row, name in enumerate(half):
        labels = labels_of(read(folder, name)[2])
        present[row, labels[labels >= 0]] = True
    assert np.all(present.sum(axis=0) >= 3)
    assert not present[:, 1:].all(axis=0).any(), "no rare class is in every patient"


def test_share_of_the_classes_is_near_that_of_the_real_database(tmp_path):
    write_recordings(tmp_path, seconds=240, seed=0)
    names = [name for name in SYNTHETIC_RECORDS if name not in SYNTHETIC_PACED]
    labels = np.concatenate([labels_of(read(tmp_path, name)[2]) for name in names])
    share = np.bincount(labels[labels >= 0]) / np.sum(labels >= 0)
    np.testing.assert_array_less(
        np.abs(share - [0.82, 0.055, 0.085, 0.02, 0.01]), [0.04, 0.02, 0.02, 0.01, 0.005]
    )


def test_only_the_paced_records_have_paced_beats(folder):
    for name in SYNTHETIC_RECORDS:
        symbols = set(read(folder, name)[2])
        assert ({"/", "f", "N"} <= symbols) == (name in SYNTHETIC_PACED)
        assert ("/" in symbols) == (name in SYNTHETIC_PACED)


@pytest.mark.parametrize("name", [name for name in SYNTHETIC_RECORDS if name not in SYNTHETIC_PACED])
def test_annotations_are_at_the_extreme_of_the_qrs(folder, name):
    record, sample, symbol = read(folder, name)
    for kind in ("N", "L", "R", "V"):
        windows = np.abs(cut(record, sample[symbol == kind], 18))
        offset = np.abs(windows.argmax(axis=1) - 18)
        assert np.mean(offset <= 3) > 0.9 if len(offset) else True, kind


def test_ventricular_beats_are_wide_and_atrial_ones_are_not(folder):
    for name in SYNTHETIC_RECORDS[:14]:
        record, sample, symbol = read(folder, name)
        own = np.median(widths(record, sample[np.isin(symbol, ["N", "R"])])) if "L" not in symbol else np.inf
        if "V" in symbol and "L" not in symbol:
            assert np.median(widths(record, sample[symbol == "V"])) > 1.4 * own
        if "A" in symbol:
            assert np.median(widths(record, sample[symbol == "A"])) < 1.25 * own


def test_there_are_p_waves_in_sinus_rhythm_and_none_in_fibrillation(folder):
    for name, sinus in (("s01", True), ("s03", True), ("s11", False), ("s12", False)):
        record, sample, symbol = read(folder, name)
        beat = cut(record, sample[symbol == "N"], 90).mean(axis=0)
        p = beat[90 - 60] - (beat[90 - 78] + beat[90 - 36]) / 2  # 167 ms before R, over what is around it
        assert (p > 0.06) == sinus, name


def test_paced_beats_start_with_a_spike(folder):
    for name in SYNTHETIC_PACED:
        record, sample, symbol = read(folder, name)
        steps = np.abs(np.diff(cut(record, sample[symbol == "/"], 54), axis=1)).mean(axis=0)
        assert steps[15:35].max() > 2 * steps[35:].max(), "the spike is steeper than the QRS complex"


@pytest.mark.parametrize("seconds", [0, -10, 59.9, float("nan"), float("inf")])
def test_refuses_a_useless_duration_before_it_writes(tmp_path, seconds):
    with pytest.raises(DataError, match=r"^synthetic\.seconds: .*; use 60 or more$"):
        write_recordings(tmp_path / "raw", seconds=seconds, seed=0)
    assert not (tmp_path / "raw").exists()


def test_refuses_a_negative_seed(tmp_path):
    with pytest.raises(DataError, match=r"^synthetic\.seed: -1 "):
        write_recordings(tmp_path, seconds=60, seed=-1)


def test_shortest_duration_that_is_taken_works(tmp_path):
    write_recordings(tmp_path, seconds=60, seed=1)
    for half in (SYNTHETIC_DS1, SYNTHETIC_DS2):
        symbols = set(np.concatenate([read(tmp_path, name)[2] for name in half]))
        assert all(symbols & set(SYMBOLS[name]) for name in CLASSES)
    assert read(tmp_path, "s01")[0].sig_len == 60 * FS


def test_an_interrupted_run_leaves_nothing_behind(tmp_path, monkeypatch):
    def fail(name, *args, **kwargs):
        if name == "s03":
            raise KeyboardInterrupt

    monkeypatch.setattr(recordings.wfdb, "wrann", fail)
    with pytest.raises(KeyboardInterrupt):
        write_recordings(tmp_path, seconds=60, seed=1)
    assert list(Path(tmp_path).iterdir()) == []
