from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrhythmia.beats import save_beats
from arrhythmia.errors import DataError
from arrhythmia.files import load_arrays, save_arrays
from arrhythmia.normalization import METHODS
from stages import normalize, paths

SPLIT = {"train": np.arange(10), "val": np.arange(10, 14), "test": np.arange(14, 20)}
RECORD = np.repeat(["a", "b", "c"], [10, 4, 6])
"""One record a side, as under inter_patient."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A project of its own for this module: every test writes its inputs first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("project"))
        yield Path.cwd()


@pytest.fixture(scope="module")
def normalized(folder):
    """Return a function that runs the stage and returns the arrays by side."""

    def run(beats, method="standard", median_beat=False):
        Path("params.yaml").write_text(
            f"normalize: {{method: {method}, median_beat: {str(median_beat).lower()}}}\n"
        )
        save_beats(paths.BEATS, beats)
        save_arrays(
            paths.split("inter_patient"), **{side: rows.astype(np.int32) for side, rows in SPLIT.items()}
        )
        normalize.main("inter_patient")
        return {side: load_arrays(paths.normalized("inter_patient") / f"{side}.npz") for side in SPLIT}

    return run


@pytest.fixture(scope="module")
def beats(make_beats):
    return make_beats(np.arange(20) % 5, record=RECORD)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("median_beat", [False, True])
def test_arrays_of_each_side(normalized, beats, method, median_beat):
    sides = normalized(beats, method, median_beat)
    for side, rows in SPLIT.items():
        assert list(sides[side]) == ["waveform", "rhythm", "label"]
        assert sides[side]["waveform"].shape == (len(rows), 20, 1 + median_beat)
        assert sides[side]["rhythm"].shape == (len(rows), 5)
        assert sides[side]["waveform"].dtype == sides[side]["rhythm"].dtype == np.float32
        np.testing.assert_array_equal(sides[side]["label"], beats.label[rows])


def test_train_is_what_is_standardized(normalized, beats):
    train = normalized(beats, "standard")["train"]
    for name in ("waveform", "rhythm"):
        np.testing.assert_allclose(train[name].mean(axis=0, dtype=float), 0, atol=1e-6)
        np.testing.assert_allclose(train[name].std(axis=0, dtype=float), 1, atol=1e-5)


def test_minmax_of_train_is_0_to_1(normalized, beats):
    sides = normalized(beats, "minmax")
    np.testing.assert_allclose(sides["train"]["waveform"].min(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(sides["train"]["waveform"].max(axis=0), 1, atol=1e-6)
    assert sides["test"]["waveform"].min() < 0 or sides["test"]["waveform"].max() > 1


@given(
    method=st.sampled_from(METHODS),
    median_beat=st.booleans(),
    gain=st.sampled_from([0.0, 0.5, -3.0, 100.0]),
    offset=st.sampled_from([-7.0, 0.0, 1000.0]),
    rows=st.sets(st.sampled_from(range(10, 20)), min_size=1).map(sorted),
)
def test_val_and_test_rows_leave_train_alone(normalized, beats, method, median_beat, gain, offset, rows):
    before = normalized(beats, method, median_beat)["train"]
    changed = replace(beats, waveform=beats.waveform.copy(), rr=beats.rr.copy(), rr_long=beats.rr_long.copy())
    changed.waveform[rows] = changed.waveform[rows] * gain + offset
    changed.rr[rows] *= 3
    changed.rr_long[rows] *= 0.5
    after = normalized(changed, method, median_beat)["train"]
    for name in before:
        np.testing.assert_array_equal(after[name], before[name])


@pytest.mark.parametrize("method", ["standard", "minmax", "beat"])
def test_test_rows_of_the_same_patient_leave_train_alone(normalized, make_beats, method):
    """As under intra_patient. The two ways of scaling that need the whole record are the exception."""
    beats = make_beats(np.arange(20) % 5)
    before = normalized(beats, method)["train"]
    changed = replace(beats, waveform=beats.waveform.copy())
    changed.waveform[10:] = 50
    np.testing.assert_array_equal(normalized(changed, method)["train"]["waveform"], before["waveform"])


def test_test_rows_are_scaled_as_train_says(normalized, beats):
    """The scaler is that of train on every side: the same beat gives the same numbers."""
    same = replace(beats, waveform=beats.waveform.copy(), rr=beats.rr.copy(), rr_long=beats.rr_long.copy())
    for column in (same.waveform, same.rr, same.rr_long):
        column[15] = column[3]
    sides = normalized(same, "standard")
    for name in ("waveform", "rhythm"):
        np.testing.assert_array_equal(sides["test"][name][1], sides["train"][name][3])


def test_missing_intervals_become_the_mean(normalized, beats):
    holes = replace(beats, rr=beats.rr.copy())
    holes.rr[0] = np.nan
    sides = normalized(holes)
    np.testing.assert_array_equal(sides["train"]["rhythm"][0], 0)
    assert all(np.isfinite(arrays["rhythm"]).all() for arrays in sides.values())


def test_no_intervals_at_all(normalized, make_beats):
    """The Kaggle files have none, and no records either."""
    unknown = make_beats(
        np.arange(20) % 5,
        source=np.array("kaggle"),
        record=np.full(20, ""),
        rr=np.full((20, 5), np.nan, dtype=np.float32),
        rr_long=np.full(20, np.nan, dtype=np.float32),
    )
    sides = normalized(unknown, "standard")
    for arrays in sides.values():
        assert not arrays["rhythm"].any()


@pytest.mark.parametrize(("method", "median_beat"), [("record", False), ("standard", True)])
def test_what_needs_records_is_refused_without_them(normalized, make_beats, method, median_beat):
    unknown = make_beats(np.arange(20) % 5, source=np.array("kaggle"), record=np.full(20, ""))
    with pytest.raises(DataError, match=r"^download\.source=kaggle does not tell records apart; add -S "):
        normalized(unknown, method, median_beat)


def test_unknown_method(normalized, beats):
    with pytest.raises(
        DataError, match=r"^params\.yaml: normalize\.method is 'zscore'; use one of standard, "
    ):
        normalized(beats, "zscore")


def test_same_bytes_on_every_run(normalized, beats, folder):
    contents = []
    for _ in range(2):
        normalized(beats, "record", True)
        contents.append(
            {path.name: path.read_bytes() for path in paths.normalized("inter_patient").iterdir()}
        )
    assert contents[0] == contents[1]
    assert set(contents[0]) == {"train.npz", "val.npz", "test.npz"}
