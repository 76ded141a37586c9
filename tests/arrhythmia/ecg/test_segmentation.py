from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrhythmia.aami import DS1, DS2, labels_of
from arrhythmia.datasets.kaggle import load_test_fold
from arrhythmia.ecg.recording import Recording
from arrhythmia.ecg.segmentation import cut_beats, kaggle_csv_beats
from arrhythmia.errors import DataError

RR = {"rr_before": 3, "rr_after": 2, "rr_long": 2}
SETTINGS = {"fs": 125, "before": 0.5, "after": 1.0, **RR, "source": "physionet"}


TYPES = {
    "waveform": np.float32,
    "rr": np.float32,
    "rr_long": np.float32,
    "sample": np.int32,
    "annotation": np.int32,
    "label": np.int8,
    "kaggle": bool,
}


def recording(sample, symbol, *, name="r", fs=360.0, n=3600):
    """Return a recording with a complex of 1 mV at each annotation."""
    signal = np.random.default_rng(0).integers(1022, 1027, n)
    distance = np.abs(np.arange(n)[:, None] - np.asarray(sample)).min(axis=1)
    signal += np.round(200 * np.maximum(1 - distance / 10, 0)).astype(int)
    return Recording(
        name=name,
        fs=fs,
        lead="MLII",
        signal=((signal - 1024) / 200).astype(np.float32),
        adu=signal.astype(np.int32),
        sample=np.asarray(sample),
        symbol=np.array(list(symbol), dtype=str),
    )


def cut(*recordings, window="centred", **settings):
    return cut_beats(recordings, window=window, **{**SETTINGS, **settings})


def test_one_row_a_labelled_beat():
    beats = cut(recording([10, 300, 600, 900, 1500], "+NA~V"))
    assert len(beats) == 3
    np.testing.assert_array_equal(beats.record, ["r"] * 3)
    np.testing.assert_array_equal(beats.sample, [300, 600, 1500])
    np.testing.assert_array_equal(beats.annotation, [1, 2, 4])
    np.testing.assert_array_equal(beats.symbol, ["N", "A", "V"])
    np.testing.assert_array_equal(beats.label, [0, 1, 2])
    np.testing.assert_array_equal(beats.kaggle, [True, True, False])
    assert (str(beats.source), float(beats.fs), int(beats.r_index), int(beats.rr_before)) == (
        "physionet",
        125.0,
        62,
        3,
    )


def test_types_are_those_of_the_table_of_beats():
    beats = cut(recording([300, 600, 900], "NAV"))
    assert {name: getattr(beats, name).dtype for name in TYPES} == TYPES


def test_other_annotations_do_not_divide_an_rr_interval():
    beats = cut(recording([300, 600, 660, 1020], "N|~N"))
    nan = np.nan
    expected = [[nan, nan, nan, 2, nan], [nan, nan, 2, nan, nan]]
    np.testing.assert_array_equal(beats.rr, np.float32(expected))
    np.testing.assert_array_equal(beats.rr_long, np.float32([2, 2]))


def test_columns_of_intervals_before_and_after():
    beats = cut(recording([100, 460, 1180, 1540, 2980], "NNNNN"), rr_before=2, rr_after=1)
    nan = np.nan
    np.testing.assert_array_equal(
        beats.rr, np.float32([[nan, nan, 1], [nan, 1, 2], [1, 2, 1], [2, 1, 4], [1, 4, nan]])
    )
    assert int(beats.rr_before) == 2
    assert cut(recording([100, 460], "NN"), rr_before=2, rr_after=5).rr.shape == (2, 7)


def test_rr_intervals_do_not_cross_records():
    beats = cut(recording([300, 660], "NN", name="a"), recording([500, 1220], "NN", name="b"))
    np.testing.assert_array_equal(beats.rr[:, 3], np.float32([1, np.nan, 2, np.nan]))
    np.testing.assert_array_equal(beats.rr_long, np.float32([1, 1, 2, 2]))
    np.testing.assert_array_equal(beats.record, ["a", "a", "b", "b"])


def test_beats_at_the_edges_are_kept():
    beats = cut(recording([0, 1800, 3599], "NVN"))
    np.testing.assert_array_equal(beats.sample, [0, 1800, 3599])
    assert np.isfinite(beats.waveform).all()


def test_r_peak_is_at_r_index():
    beats = cut(recording([1000], "N"))
    assert beats.waveform[0].argmax() == beats.r_index == 62


def test_records_may_differ_in_rate():
    beats = cut(recording([720, 1440], "NN"), recording([500, 1250], "NN", fs=250.0))
    assert beats.waveform.shape == (4, 187)
    np.testing.assert_array_equal(beats.rr[:, 3], np.float32([2, np.nan, 3, np.nan]))
    np.testing.assert_array_equal(beats.rr_long, np.float32([2, 2, 3, 3]))


def test_kaggle_window_drops_a_beat_that_is_the_last_annotation():
    one = recording([300, 600, 1500], "NAV")
    beats = cut(one, window="kaggle")
    np.testing.assert_array_equal(beats.annotation, [0, 1])
    # the beat that is left out still ends an interval
    np.testing.assert_array_equal(beats.rr[1], np.float32([np.nan, np.nan, 300 / 360, 900 / 360, np.nan]))
    np.testing.assert_allclose(beats.rr_long, [600 / 360, 600 / 360], rtol=1e-6)
    assert beats.waveform.shape == (2, 187)
    assert (float(beats.fs), int(beats.r_index)) == (120.0, 0)
    assert len(cut(recording([300, 600, 1500], "NA+"), window="kaggle")) == 2


def test_kaggle_window_takes_channel_0_in_adc_units():
    one = recording([300, 600, 1500], "NAV")
    before = cut(one, window="kaggle").waveform
    one.signal[:] = 0
    np.testing.assert_array_equal(cut(one, window="kaggle").waveform, before)
    one.adu[300:] = 0
    assert not cut(one, window="kaggle").waveform.any()


def test_kaggle_window_takes_one_annotation_where_the_files_have_it():
    sample, moved, n = [590000, 590262, 590555, 590900], [590000, 590296, 590555, 590900], 600_000
    cut_of = {
        name: cut(
            replace(recording(sample, "////", name=name, n=n), sample=np.array(places)), window="kaggle"
        )
        for name, places in {"102": sample, "r": sample, "r2": moved}.items()
    }
    np.testing.assert_array_equal(cut_of["102"].waveform, cut_of["r2"].waveform)
    assert (cut_of["r"].waveform != cut_of["r2"].waveform).any(axis=1).tolist() == [True, True, False]
    np.testing.assert_array_equal(cut_of["102"].sample, sample[:3])


def test_kaggle_window_is_for_360_hz():
    with pytest.raises(DataError, match=r"^r\.hea: 250 Hz, but .* 360 Hz; use segment\.window=centred$"):
        cut(recording([300, 600], "NN", fs=250.0), window="kaggle")


@pytest.mark.parametrize("window", ["centred", "kaggle"])
def test_record_without_labelled_beats(window):
    with pytest.raises(DataError, match=r"^b\.atr: no labelled beat in it"):
        cut(recording([300, 600], "NN"), recording([300], "+", name="b"), window=window)


@given(symbols=st.text("NAVF/+~|", min_size=1, max_size=12).filter(lambda text: set(text) & set("NAVF/")))
def test_no_beat_is_lost_or_invented(symbols):
    sample = 100 + 200 * np.arange(len(symbols))
    label = labels_of(np.array(list(symbols)))
    for window, expected in (("centred", label), ("kaggle", label[:-1])):
        beats = cut(recording(sample, symbols), window=window)
        np.testing.assert_array_equal(beats.annotation, np.flatnonzero(expected >= 0))
        np.testing.assert_array_equal(beats.label, expected[expected >= 0])
        np.testing.assert_array_equal(beats.sample, sample[beats.annotation])


def test_rows_of_the_kaggle_files():
    fold = pd.DataFrame({"record": ["103", "203"], "annotation": [1043, 2928]})
    train = (np.ones((3, 187)), np.array([0, 1, 4]))
    test = (np.zeros((2, 187)), np.array([0, 2]))
    beats = kaggle_csv_beats([train, test], fold, rr_before=2, rr_after=4)
    np.testing.assert_array_equal(beats.label, [0, 1, 4, 0, 2])
    np.testing.assert_array_equal(beats.record, ["", "", "", "103", "203"])
    np.testing.assert_array_equal(beats.annotation, [-1, -1, -1, 1043, 2928])
    np.testing.assert_array_equal(beats.waveform[:, 0], [1, 1, 1, 0, 0])
    assert beats.rr.shape == (5, 6)
    assert int(beats.rr_before) == 2
    assert np.isnan(beats.rr).all()
    assert np.isnan(beats.rr_long).all()
    assert beats.rr_long.shape == (5,)
    assert (beats.waveform.dtype, beats.label.dtype, str(beats.source)) == (np.float32, np.int8, "kaggle")


def test_real_beats(real_beats):
    centred, kaggle = real_beats["centred"], real_beats["kaggle"]
    assert (len(centred), len(kaggle)) == (109_494, 109_446)
    np.testing.assert_array_equal(np.bincount(kaggle.label), [90589, 2779, 7236, 803, 8039])
    for records, expected in ((DS1, [45866, 944, 3788, 415, 8]), (DS2, [44259, 1837, 3221, 388, 7])):
        inside = np.isin(centred.record, records)
        np.testing.assert_array_equal(np.bincount(centred.label[inside]), expected)


def test_both_windows_hold_the_same_real_beats(real_beats):
    centred, kaggle = real_beats["centred"], real_beats["kaggle"]
    for name in ("record", "annotation", "sample", "symbol", "label", "rr", "rr_long"):
        np.testing.assert_array_equal(getattr(centred, name)[centred.kaggle], getattr(kaggle, name))


def test_known_rows_of_the_kaggle_test_file(real_beats, reference_data):
    """The first rows of the published file, digit by digit."""
    beats, row_of = real_beats["kaggle"], rows_by_annotation(real_beats["kaggle"])
    fold = load_test_fold()
    lines = (reference_data / "kaggle" / "known_rows_test.csv").read_text().splitlines()
    assert len(lines) == 5
    for line, record, annotation in zip(lines, fold["record"], fold["annotation"], strict=False):
        row = row_of[record, annotation]
        values = [*beats.waveform[row], float(beats.label[row])]
        assert ",".join(f"{value:.18e}" for value in values) == line


def test_known_rows_of_the_kaggle_training_file(real_beats, reference_data):
    """They are among the beats that are not in the test fold, where nobody knows their order."""
    beats, row_of = real_beats["kaggle"], rows_by_annotation(real_beats["kaggle"])
    test = [row_of[key] for key in load_test_fold().itertuples(index=False, name=None)]
    train = np.setdiff1d(np.arange(len(beats)), test)
    known = np.loadtxt(reference_data / "kaggle" / "known_rows_train.csv", delimiter=",")
    assert len(known) == 5
    for row in known:
        same = train[(beats.waveform[train] == row[:187].astype(np.float32)).all(axis=1)]
        assert len(same) == 1
        assert beats.label[same[0]] == row[187]


def rows_by_annotation(beats):
    keys = zip(beats.record.tolist(), beats.annotation.tolist(), strict=True)
    return {key: row for row, key in enumerate(keys)}
