from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrhythmia import paths
from arrhythmia.features.table import FEATURES, OUTLIER
from arrhythmia.preprocessing.scaling import METHODS
from arrhythmia.utils.files import load_arrays, save_arrays
from stages import normalize, segment
from tests.params import write_params

SPLIT = {"train": np.arange(14), "fold": np.repeat([0, 1], [10, 4]), "test": np.arange(14, 20)}
SIDES = ("train", "test")
RECORD = np.repeat(["a", "b", "c"], [10, 4, 6])
"""Two records in train and one in test, as under inter_patient."""
NOTHING_KNOWN = {
    "source": np.array("kaggle"),
    "record": np.full(20, ""),
    "rr": np.full((20, 5), np.nan, dtype=np.float32),
    "rr_long": np.full(20, np.nan, dtype=np.float32),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A project of its own for this module: every test writes its inputs first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("project"))
        yield Path.cwd()


@pytest.fixture(scope="module")
def normalized(folder):
    """Return a function that runs the stage and returns the arrays by side."""

    def run(beats, method="standard", template_channel=False, features=FEATURES):
        settings = {"method": method, "template_channel": template_channel, "features": list(features)}
        write_params(normalize=settings, protocols=["inter_patient"])
        segment.write(beats)
        save_arrays(
            paths.split("inter_patient"), **{side: rows.astype(np.int32) for side, rows in SPLIT.items()}
        )
        normalize.main("inter_patient")
        return {side: load_arrays(paths.normalized("inter_patient", side)) for side in SIDES}

    return run


@pytest.fixture(scope="module")
def beats(make_beats):
    return make_beats(np.arange(20) % 5, record=RECORD)


def changeable(beats):
    """Return the same beats, in arrays of their own."""
    return replace(beats, waveform=beats.waveform.copy(), rr=beats.rr.copy(), rr_long=beats.rr_long.copy())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("template_channel", [False, True])
def test_arrays_of_each_side(normalized, beats, method, template_channel):
    sides = normalized(beats, method, template_channel)
    assert list(sides["train"]) == ["waveform", "features", "label", "fold"]
    assert list(sides["test"]) == ["waveform", "features", "label"]
    np.testing.assert_array_equal(sides["train"]["fold"], SPLIT["fold"])
    for side in SIDES:
        rows, arrays = SPLIT[side], sides[side]
        assert arrays["waveform"].shape == (len(rows), 20, 1 + template_channel)
        assert arrays["features"].shape == (len(rows), len(FEATURES))
        assert arrays["waveform"].dtype == arrays["features"].dtype == np.float32
        assert np.isfinite(arrays["features"]).all()
        np.testing.assert_array_equal(arrays["label"], beats.label[rows])


def test_the_chosen_features_in_the_order_of_params_yaml(normalized, beats):
    every = normalized(beats)["test"]["features"]
    two = normalized(beats, features=["qrs_width", "pre_rr_local"])["test"]["features"]
    chosen = [FEATURES.index("qrs_width"), FEATURES.index("pre_rr_local")]
    np.testing.assert_array_equal(two, every[:, chosen])
    assert normalized(beats, features=[])["test"]["features"].shape == (6, 0)


def test_train_is_what_is_standardized(normalized, beats):
    train = normalized(beats, "standard", features=FEATURES[:6])["train"]
    np.testing.assert_allclose(train["waveform"].mean(axis=0, dtype=float), 0, atol=1e-6)
    np.testing.assert_allclose(train["waveform"].std(axis=0, dtype=float), 1, atol=1e-5)


def test_features_are_scaled_alike_whatever_the_training_rows_are(normalized, beats):
    """Else what is said of a patient who is tested out of fold would depend on that patient."""
    before = normalized(beats)["test"]["features"]
    changed = changeable(beats)
    changed.rr[:14] *= 3
    np.testing.assert_array_equal(normalized(changed)["test"]["features"][:, 0], before[:, 0])


def test_minmax_of_train_is_0_to_1(normalized, beats):
    sides = normalized(beats, "minmax")
    np.testing.assert_allclose(sides["train"]["waveform"].min(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(sides["train"]["waveform"].max(axis=0), 1, atol=1e-6)
    assert sides["test"]["waveform"].min() < 0 or sides["test"]["waveform"].max() > 1


def test_an_odd_feature_is_cut(normalized, beats):
    odd = changeable(beats)
    odd.rr[15, 4] = 1e6
    features = normalized(odd)["test"]["features"]
    assert features[1, FEATURES.index("post_rr_local")] == OUTLIER
    assert features[1, FEATURES.index("pre_post_rr_ratio")] == -OUTLIER
    assert np.abs(features).max() <= OUTLIER


def test_the_second_channel_is_the_beat_minus_its_records_reference_in_the_same_units(normalized, beats):
    for method in METHODS:
        both = np.concatenate([normalized(beats, method, True)[side]["waveform"] for side in SIDES])
        template = both[:, :, 0] - both[:, :, 1]
        for name in set(RECORD):
            same = template[name == RECORD]
            np.testing.assert_allclose(same, np.tile(same[0], (len(same), 1)), atol=1e-5)


@given(
    method=st.sampled_from(METHODS),
    template_channel=st.booleans(),
    gain=st.sampled_from([0.0, 0.5, -3.0, 100.0]),
    offset=st.sampled_from([-7.0, 0.0, 1000.0]),
    rows=st.sets(st.sampled_from(range(14, 20)), min_size=1).map(sorted),
)
def test_test_rows_leave_train_alone(normalized, beats, method, template_channel, gain, offset, rows):
    before = normalized(beats, method, template_channel)["train"]
    changed = changeable(beats)
    changed.waveform[rows] = changed.waveform[rows] * gain + offset
    changed.rr[rows] *= 3
    changed.rr_long[rows] *= 0.5
    after = normalized(changed, method, template_channel)["train"]
    for name in before:
        np.testing.assert_array_equal(after[name], before[name])


@pytest.mark.parametrize("method", ["standard", "minmax", "beat"])
def test_test_rows_of_the_same_patient_leave_train_alone(normalized, make_beats, method):
    """As under intra_patient. What needs the whole record, which has no labels, is the exception."""
    beats = make_beats(np.arange(20) % 5)
    rhythm = FEATURES[:6]
    before = normalized(beats, method, features=rhythm)["train"]
    changed = changeable(beats)
    changed.waveform[14:] = 50
    changed.rr[14:] *= 2
    after = normalized(changed, method, features=rhythm)["train"]
    for name in before:
        np.testing.assert_array_equal(after[name], before[name])


def test_test_rows_are_scaled_as_train_says(normalized, make_beats):
    """The scaler is that of train on every side: the same beat of one patient gives the same numbers."""
    same = changeable(make_beats(np.arange(20) % 5))
    for column in (same.waveform, same.rr, same.rr_long):
        column[15] = column[3]
    sides = normalized(same, "standard")
    for name in ("waveform", "features"):
        np.testing.assert_array_equal(sides["test"][name][1], sides["train"][name][3])


def test_missing_intervals_become_the_mean(normalized, beats):
    holes = changeable(beats)
    holes.rr[0], holes.rr_long[0] = np.nan, np.nan
    sides = normalized(holes)
    np.testing.assert_array_equal(sides["train"]["features"][0, :6], 0)
    assert all(np.isfinite(arrays["features"]).all() for arrays in sides.values())


def test_the_kaggle_files_give_the_waveform_alone(normalized, make_beats):
    """They tell neither records nor intervals."""
    unknown = make_beats(np.arange(20) % 5, **NOTHING_KNOWN)
    for side, arrays in normalized(unknown, "standard", features=[]).items():
        assert arrays["waveform"].shape == (len(SPLIT[side]), 20, 1)
        assert arrays["features"].shape == (len(SPLIT[side]), 0)


def test_same_bytes_on_every_run(normalized, beats, folder):
    contents = []
    for _ in range(2):
        normalized(beats, "record", True)
        written = paths.normalized("inter_patient", "train").parent.iterdir()
        contents.append({path.name: path.read_bytes() for path in written})
    assert contents[0] == contents[1]
    assert set(contents[0]) == {"train.npz", "test.npz", "preprocessor.npz"}
