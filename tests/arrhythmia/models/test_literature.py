import numpy as np
import pytest

LENGTH = 187  # of a Kaggle beat
NAMES = ("kachuee", "three_layer", "stacked_lstm")


def build(literature, name, *shape):
    return {**literature.CNNS, **literature.RNNS}[name](*shape)


@pytest.fixture(scope="module")
def literature(keras):
    """The module under test, imported when Keras is ready."""
    from arrhythmia.models import literature

    return literature


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("length", "channels"), [(LENGTH, 1), (130, 2)])
def test_output_is_a_logit_for_each_class(literature, name, length, channels):
    model = build(literature, name, length, channels)
    beats = np.random.default_rng(0).normal(size=(3, length, channels)).astype(np.float32)
    logits = model.predict({"waveform": beats}, verbose=0)["logits"]
    assert [tensor.name for tensor in model.inputs] == ["waveform"]
    assert model.output_names == ["logits"]
    assert logits.shape == (3, 5)
    assert (logits < 0).any()
    assert not np.allclose(logits.sum(axis=1), 1)
    assert not np.array_equal(logits, model.predict({"waveform": -beats}, verbose=0)["logits"])


def conv(kernel, inputs, outputs):
    return kernel * inputs * outputs + outputs


def dense(inputs, outputs):
    return inputs * outputs + outputs


def lstm(inputs, units):
    return 4 * units * (inputs + units + 1)


def test_kachuee_has_the_parameters_of_its_description(literature):
    after = LENGTH - 4
    for _ in range(5):
        after = (after - 5) // 2 + 1
    assert after == 2
    count = conv(5, 1, 32) + 10 * conv(5, 32, 32) + dense(after * 32, 32) + dense(32, 32) + dense(32, 5)
    assert literature.kachuee(LENGTH, 1).count_params() == count == 55_013


def test_three_layer_has_the_parameters_of_its_description(literature):
    steps = LENGTH
    for kernel in (6, 3, 3):
        steps = -(-(steps - kernel + 1) // 2)
    count = conv(6, 1, 64) + 2 * conv(3, 64, 64) + dense(steps * 64, 64) + dense(64, 5)
    assert literature.three_layer(LENGTH, 1).count_params() == count


def test_stacked_lstm_has_the_parameters_of_its_description(literature):
    count = lstm(1, 64) + lstm(64, 64) + dense(64, 64) + dense(64, 5)
    assert literature.stacked_lstm(LENGTH, 1).count_params() == count


def test_the_classic_scripts_drop_units_and_kachuee_does_not(keras, literature):
    def rates(model):
        return [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]

    assert rates(literature.kachuee(LENGTH, 1)) == []
    assert rates(literature.three_layer(LENGTH, 1)) == rates(literature.stacked_lstm(LENGTH, 1)) == [0.4]


def test_kachuee_refuses_a_beat_too_short_for_its_poolings(literature):
    assert literature.kachuee(129, 1).get_layer("logits").output.shape == (None, 5)
    with pytest.raises(ValueError, match=r"^cnn\.network=kachuee needs 129 samples a beat; there are 128$"):
        literature.kachuee(128, 1)


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_network_answers_as_before(keras, literature, name, tmp_path):
    from arrhythmia.training.serialization import save_model

    model = build(literature, name, LENGTH, 1)
    save_model(model, tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    beats = {"waveform": np.random.default_rng(0).normal(size=(2, LENGTH, 1)).astype(np.float32)}
    before, after = (network.predict(beats, verbose=0)["logits"] for network in (model, again))
    np.testing.assert_array_equal(before, after)


def test_every_network_is_found_by_its_name(literature):
    assert {name: getattr(literature, name) for name in NAMES} == {**literature.CNNS, **literature.RNNS}
    assert list(literature.RNNS) == ["stacked_lstm"]
