import json
import zipfile

import numpy as np
import pytest

pytestmark = pytest.mark.slow  # for the import of TensorFlow


@pytest.fixture(scope="module")
def archive(keras):
    """The module under test, imported when Keras is ready."""
    from arrhythmia.training import serialization

    return serialization


@pytest.fixture
def build(keras):
    """Return a function that builds the same small model on every call."""

    def model():
        keras.utils.set_random_seed(1)
        one, two = keras.Input((4,), name="waveform"), keras.Input((2,), name="rhythm")
        shared = keras.layers.Dense(3, activation="relu", kernel_regularizer=keras.regularizers.L2(0.1))
        hidden = keras.layers.Concatenate()([shared(one), shared(keras.layers.Dense(4)(two))])
        out = keras.layers.Dense(5, activation="softmax")(keras.layers.BatchNormalization()(hidden))
        model = keras.Model([one, two], out)
        model.compile(optimizer=keras.optimizers.Adam(0.01), loss="categorical_crossentropy")
        return model

    return model


def inputs():
    rng = np.random.default_rng(0)
    return {"waveform": rng.normal(size=(7, 4)), "rhythm": rng.normal(size=(7, 2))}


def test_equal_models_are_equal_files(keras, archive, build, tmp_path):
    for name in ("a.keras", "b.keras"):
        keras.backend.clear_session()
        archive.save_model(build(), tmp_path / name)
    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.keras", "b.keras"]


def test_other_weights_are_another_file(archive, build, tmp_path):
    model = build()
    archive.save_model(model, tmp_path / "a.keras")
    model.layers[-1].bias.assign_add(np.ones(5))
    archive.save_model(model, tmp_path / "b.keras")
    assert (tmp_path / "a.keras").read_bytes() != (tmp_path / "b.keras").read_bytes()


def test_loaded_model_predicts_the_same(keras, archive, build, tmp_path):
    model = build()
    archive.save_model(model, tmp_path / "a.keras")
    loaded = keras.saving.load_model(tmp_path / "a.keras", compile=False, safe_mode=True)
    np.testing.assert_array_equal(loaded.predict(inputs(), verbose=0), model.predict(inputs(), verbose=0))


def test_archive_holds_no_date_and_no_memory_address(archive, build, tmp_path):
    archive.save_model(build(), tmp_path / "a.keras")
    with zipfile.ZipFile(tmp_path / "a.keras") as file:
        assert {entry.date_time for entry in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert file.namelist() == sorted(file.namelist())
        assert "date_saved" not in json.loads(file.read("metadata.json"))
        ids = []
        collect(json.loads(file.read("config.json")), ids)
    assert ids
    assert all(number < 100 for number in ids), "an address would be larger"


def test_canonical_archive_stays_as_it_is(archive, build, tmp_path):
    path = tmp_path / "a.keras"
    archive.save_model(build(), path)
    before = path.read_bytes()
    archive.canonicalize(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("step", ["canonicalize", "save"])
@pytest.mark.parametrize("before", [None, b"old"])
def test_killed_while_saving(archive, build, tmp_path, monkeypatch, step, before):
    path = tmp_path / "cnn.keras"
    if before:
        path.write_bytes(before)
    model = build()

    def die(temporary):
        temporary.write_bytes(b"half an archive")
        raise KeyboardInterrupt

    monkeypatch.setattr(*((archive, "canonicalize") if step == "canonicalize" else (model, "save")), die)
    with pytest.raises(KeyboardInterrupt):
        archive.save_model(model, path)
    assert [file.read_bytes() for file in tmp_path.iterdir()] == ([before] if before else [])


def test_renumber(archive):
    node = {
        "a": [{"shared_object_id": 907}, {"shared_object_id": 12}],
        "b": {"shared_object_id": 907},
        "c": 907,
    }
    expected = {
        "a": [{"shared_object_id": 0}, {"shared_object_id": 1}],
        "b": {"shared_object_id": 0},
        "c": 907,
    }
    assert archive.renumber(node, {}) == expected


@pytest.mark.parametrize("node", [None, 3, "text", [], {}, {"a": [1, [2, {}]]}])
def test_renumber_leaves_the_rest_alone(archive, node):
    assert archive.renumber(node, {}) == node


def collect(node, ids):
    """Append every `shared_object_id` in `node` to `ids`."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        if key == "shared_object_id":
            ids.append(value)
        elif isinstance(value, dict | list):
            collect(value, ids)
