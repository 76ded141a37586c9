"""The two networks and their common head. Importing Keras takes seconds."""

import numpy as np
import pytest

from arrhythmia import runtime

runtime.prepare(threads=2, seed=0)
import keras  # noqa: E402

from arrhythmia.cnn import build_cnn  # noqa: E402
from arrhythmia.rnn import build_rnn  # noqa: E402

CNN = {"filters": 4, "blocks": 2, "kernel_size": 3, "stride": 2, "dense": 4, "dropout": 0.1}
RNN = {"cell": "gru", "units": 3, "patch": 4, "embedding": 4, "dense": 4, "dropout": 0.1}
BUILDERS = [(build_cnn, CNN), (build_rnn, RNN), (build_rnn, RNN | {"cell": "lstm"})]


@pytest.mark.parametrize(("build", "knobs"), BUILDERS)
@pytest.mark.parametrize(("length", "channels", "features"), [(187, 2, 5), (33, 1, 1)])
def test_output_is_a_probability_for_each_class(build, knobs, length, channels, features):
    model = build(length, channels, features, **knobs)
    rng = np.random.default_rng(0)
    probability = model.predict(
        {"waveform": rng.normal(size=(3, length, channels)), "rhythm": rng.normal(size=(3, features))},
        verbose=0,
    )
    assert probability.shape == (3, 5)
    np.testing.assert_allclose(probability.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(("build", "knobs"), BUILDERS)
def test_both_inputs_count(build, knobs):
    model = build(40, 1, 2, **knobs)
    rng = np.random.default_rng(0)
    waveform, rhythm = rng.normal(size=(1, 40, 1)), rng.normal(size=(1, 2))

    def answer(waveform, rhythm):
        return model.predict({"waveform": waveform, "rhythm": rhythm}, verbose=0)

    assert not np.array_equal(answer(waveform, rhythm), answer(-waveform, rhythm))
    assert not np.array_equal(answer(waveform, rhythm), answer(waveform, -rhythm))


@pytest.mark.parametrize("knob", ["filters", "blocks", "kernel_size", "dense"])
def test_every_size_of_the_cnn_changes_it(knob):
    larger = CNN | {knob: CNN[knob] + 2}
    assert build_cnn(64, 1, 2, **larger).count_params() > build_cnn(64, 1, 2, **CNN).count_params()


@pytest.mark.parametrize("knob", ["units", "embedding", "patch", "dense"])
def test_every_size_of_the_rnn_changes_it(knob):
    larger = RNN | {knob: RNN[knob] + 2}
    assert build_rnn(64, 1, 2, **larger).count_params() > build_rnn(64, 1, 2, **RNN).count_params()


def test_the_stride_shortens_the_sequence_and_dropout_is_applied():
    model = build_cnn(64, 1, 2, **CNN | {"stride": 4, "dropout": 0.7})
    first = next(layer for layer in model.layers if isinstance(layer, keras.layers.Conv1D))
    assert first.output.shape[1] == 16
    assert {layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)} == {0.7}


def test_an_unknown_cell_is_named():
    with pytest.raises(ValueError, match="'elman'; use one of gru, lstm"):
        build_rnn(64, 1, 2, **RNN | {"cell": "elman"})
