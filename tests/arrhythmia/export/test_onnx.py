import numpy as np
import pytest

from arrhythmia.errors import DataError
from arrhythmia.export.quantization import quantized, with_int8_weights
from arrhythmia.inference.model import infer, session

CNN = {"filters": [8, 12, 18, 27], "blocks": 3, "kernel_size": 5, "stride": 2, "dense": 8, "dropout": 0.5}
RNN = {"units": 8, "stem": 4, "patch": 4, "embedding": 8, "dense": 8, "dropout": 0.5}
KINDS = ["cnn", "cnn without features", "gru", "lstm", "kachuee", "three_layer", "stacked_lstm"]


@pytest.fixture(scope="module")
def build(keras):
    """Return a function that builds a small averaged model with random weights, batch statistics included."""
    from arrhythmia.models.cnn import build_cnn
    from arrhythmia.models.literature import kachuee, stacked_lstm, three_layer
    from arrhythmia.models.rnn import build_rnn
    from arrhythmia.training.ensemble import averaged

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
    from arrhythmia.export.onnx import onnx_model
    from arrhythmia.models.layers import inputs_of

    model = build(kind)
    expected = model.predict(inputs_of(model, arrays), verbose=0)
    exported = onnx_model(model)
    answer = infer(session(exported.SerializeToString()), arrays)
    np.testing.assert_allclose(answer, expected, atol=2e-5)
    small = infer(session(with_int8_weights(exported).SerializeToString()), arrays)
    assert 0 < np.abs(small - expected).max() < 0.05


@pytest.mark.slow
def test_equal_models_are_equal_files_whatever_the_names(keras, build):
    from arrhythmia.export.onnx import onnx_model

    data = []
    for _ in range(2):
        keras.backend.clear_session()
        data.append(onnx_model(build("gru", 1)).SerializeToString(deterministic=True))
    assert data[0] == data[1]


@pytest.mark.slow
def test_a_layer_that_is_not_known(keras):
    from arrhythmia.export.onnx import onnx_model

    x = keras.Input((8, 2), name="waveform")
    model = keras.Model([x], keras.layers.Flatten()(keras.layers.ZeroPadding1D(1)(x)))
    with pytest.raises(DataError, match="is a ZeroPadding1D, which the ONNX export does not know"):
        onnx_model(model)


REFUSED = [
    ("Activation", {"activation": "tanh"}, "activation"),
    ("BatchNormalization", {"axis": 1}, "axis"),
    ("BatchNormalization", {"center": False}, "center"),
    ("BatchNormalization", {"scale": False}, "scale"),
    ("Conv1D", {"filters": 2, "kernel_size": 3, "padding": "causal"}, "padding"),
    ("Conv1D", {"filters": 2, "kernel_size": 3, "groups": 2}, "groups"),
    ("Conv1D", {"filters": 2, "kernel_size": 3, "activation": "gelu"}, "activation"),
    ("Conv1D", {"filters": 2, "kernel_size": 3, "dtype": "float16"}, "dtype"),
    ("Dense", {"units": 2}, "input"),
    ("Flatten", {"data_format": "channels_first"}, "data_format"),
    ("GRU", {"units": 2, "reset_after": False}, "reset_after"),
    ("GRU", {"units": 2, "activation": "relu"}, "activation"),
    ("GRU", {"units": 2, "recurrent_activation": "hard_sigmoid"}, "recurrent_activation"),
    ("GRU", {"units": 2, "go_backwards": True}, "go_backwards"),
    ("GRU", {"units": 2, "use_bias": False}, "use_bias"),
    ("GlobalAveragePooling1D", {"data_format": "channels_first"}, "data_format"),
    ("GlobalMaxPooling1D", {"keepdims": True}, "keepdims"),
    ("LSTM", {"units": 2, "activation": "relu"}, "activation"),
    ("LSTM", {"units": 2, "recurrent_activation": "hard_sigmoid"}, "recurrent_activation"),
    ("LSTM", {"units": 2, "go_backwards": True}, "go_backwards"),
    ("LSTM", {"units": 2, "use_bias": False}, "use_bias"),
    ("MaxPooling1D", {"data_format": "channels_first"}, "data_format"),
    ("Rescaling", {"scale": 2.0, "offset": 1.0}, "offset"),
]


def refusal(keras, layer, shape=(8, 2)):
    """What the export says of a network of this layer alone."""
    from arrhythmia.export.onnx import onnx_model

    x = keras.Input(shape, name="waveform")
    with pytest.raises(DataError, match=r"^layer .*; the ONNX export knows .* alone$") as refused:
        onnx_model(keras.Model([x], layer(x)))
    return str(refused.value)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "settings", "named"), REFUSED, ids=lambda x: str(x))
def test_a_setting_that_is_not_known(keras, kind, settings, named):
    layer = getattr(keras.layers, kind)(name="odd", **settings)
    assert refusal(keras, layer).startswith(f"layer odd ({kind}): {named} ")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"merge_mode": "sum"}, "merge_mode"),
        ({"backward": "LSTM"}, "backward_layer"),
        ({"activation": "relu"}, "activation"),
        ({"cell": "SimpleRNN"}, "layer"),
    ],
)
def test_two_directions_of_another_kind(keras, settings, named):
    layers, settings = keras.layers, dict(settings)
    cell = getattr(layers, settings.pop("cell", "GRU"))
    other = getattr(layers, settings.pop("backward", "GRU"))(2, go_backwards=True)
    around = {"merge_mode": settings.pop("merge_mode", "concat")}
    around |= {"backward_layer": other} if isinstance(other, layers.LSTM) else {}
    made = layers.Bidirectional(cell(2, **settings), name="odd", **around)
    assert refusal(keras, made).startswith(f"layer odd (Bidirectional): {named} is ")


@pytest.mark.slow
def test_other_axes_calls_and_flat_inputs(keras):
    layers = keras.layers
    assert "(Dense): use_bias is False" in refusal(keras, layers.Dense(2, use_bias=False), (8,))
    assert "(Dense): activation is 'tanh'" in refusal(keras, layers.Dense(2, activation="tanh"), (8,))
    assert "(Flatten): input of 2 axes" in refusal(keras, layers.Flatten(), (8,))
    along_steps = layers.Concatenate(axis=1)
    assert "(Concatenate): axis is 1" in refusal(keras, lambda x: along_steps([x, x]))
    twice = layers.Dense(8)
    assert "(Dense): number of calls is 2" in refusal(keras, lambda x: twice(twice(x)), (8,))
    always = layers.Dropout(0.5)
    assert "(Dropout): training is True" in refusal(keras, lambda x: always(x, training=True))
    left_out = layers.MaxPooling1D(2)
    assert "(Rescaling): offset is 1" in refusal(
        keras, lambda x: layers.Rescaling(1, offset=1)(layers.Flatten()(left_out(x)))
    )


@pytest.mark.slow
def test_what_acts_in_training_alone_may_be_anything(keras, arrays):
    from arrhythmia.export.onnx import onnx_model

    x = keras.Input((131, 2), name="waveform")
    cell = keras.layers.GRU(3, dropout=0.5, recurrent_dropout=0.5, kernel_regularizer="l2")
    model = keras.Model([x], keras.layers.Dense(5, bias_constraint="non_neg")(cell(x)))
    answer = infer(session(onnx_model(model).SerializeToString()), arrays)
    np.testing.assert_allclose(answer, model.predict(arrays["waveform"], verbose=0), atol=2e-5)


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
