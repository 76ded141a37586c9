import numpy as np
import pytest

from arrhythmia.onnx_int8 import quantized, with_int8_weights
from arrhythmia.released import infer, session

CNN = {"filters": 8, "blocks": 3, "kernel_size": 5, "stride": 2, "dense": 8, "dropout": 0.5}
RNN = {"units": 8, "stem": 4, "patch": 4, "embedding": 8, "dense": 8, "dropout": 0.5}
KINDS = ["cnn", "cnn without features", "gru", "lstm", "kachuee", "three_layer", "stacked_lstm"]


@pytest.fixture(scope="module")
def build(keras):
    """Return a function that builds a small averaged model with random weights, batch statistics included."""
    from arrhythmia.classic import kachuee, stacked_lstm, three_layer
    from arrhythmia.cnn import build_cnn
    from arrhythmia.ensemble import averaged
    from arrhythmia.rnn import build_rnn

    kinds = {
        "cnn": lambda: build_cnn(131, 2, 3, **CNN),
        "cnn without features": lambda: build_cnn(131, 2, 0, **CNN),
        "gru": lambda: build_rnn(131, 2, 3, cell="gru", **RNN),
        "lstm": lambda: build_rnn(131, 2, 3, cell="lstm", **RNN),
        "kachuee": lambda: kachuee(131, 2),
        "three_layer": lambda: three_layer(131, 2),
        "stacked_lstm": lambda: stacked_lstm(131, 2),
    }

    def make(kind, members=2):
        rng = np.random.default_rng(0)
        keras.utils.set_random_seed(0)
        networks = [kinds[kind]() for _ in range(members)]
        for network in networks:
            weights = network.get_weights()
            network.set_weights([w + 0.02 * rng.random(w.shape) for w in weights])
        return averaged(networks, 1.3)

    return make


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.default_rng(1)
    waveform, features = rng.normal(size=(7, 131, 2)), rng.normal(size=(7, 3))
    return {"waveform": waveform.astype(np.float32), "features": features.astype(np.float32)}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_it_answers_as_keras_does(build, arrays, kind):
    from arrhythmia.head import inputs_of
    from arrhythmia.onnx_export import onnx_model

    model = build(kind)
    expected = model.predict(inputs_of(model, arrays), verbose=0)
    exported = onnx_model(model)
    answer = infer(session(exported.SerializeToString()), arrays)
    np.testing.assert_allclose(answer, expected, atol=2e-5)
    small = infer(session(with_int8_weights(exported).SerializeToString()), arrays)
    assert 0 < np.abs(small - expected).max() < 0.05


@pytest.mark.slow
def test_equal_models_are_equal_files_whatever_the_names(keras, build):
    from arrhythmia.onnx_export import onnx_model

    data = []
    for _ in range(2):
        keras.backend.clear_session()
        data.append(onnx_model(build("gru", 1)).SerializeToString(deterministic=True))
    assert data[0] == data[1]


@pytest.mark.slow
def test_a_layer_that_is_not_known(keras):
    from arrhythmia.onnx_export import onnx_model

    x = keras.Input((8, 2), name="waveform")
    model = keras.Model([x], keras.layers.Flatten()(keras.layers.ZeroPadding1D(1)(x)))
    with pytest.raises(ValueError, match="is a ZeroPadding1D, which has no ONNX form"):
        onnx_model(model)


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_rounding_is_at_most_half_a_step(axis):
    weight = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32)
    weight[0] = 0
    values, scale = quantized(weight, axis)
    shape = [1, 1]
    if axis is not None:
        shape[axis] = -1
    scale = scale.reshape(shape)
    assert values.dtype == np.int8
    assert np.abs(values).max() == 127
    assert (np.abs(values * scale - weight) <= 0.5001 * scale).all()
