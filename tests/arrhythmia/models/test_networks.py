"""The two networks and their common head. Importing Keras takes seconds."""

import numpy as np
import pytest

from arrhythmia.training import runtime

runtime.prepare(threads=1, seed=0)
import keras  # noqa: E402

from arrhythmia.models.cnn import build_cnn  # noqa: E402
from arrhythmia.models.layers import inputs_of  # noqa: E402
from arrhythmia.models.rnn import build_rnn  # noqa: E402

CNN = {"filters": 4, "blocks": 2, "kernel_size": 3, "stride": 2, "dense": 4, "dropout": 0.1}
RNN = {"cell": "gru", "units": 3, "stem": 0, "patch": 4, "embedding": 4, "dense": 4, "dropout": 0.1}
BUILDERS = [
    (build_cnn, CNN),
    (build_cnn, CNN | {"filters": [4, 6, 9]}),
    (build_rnn, RNN),
    (build_rnn, RNN | {"cell": "lstm"}),
]


def inputs(beats, length, channels, features):
    rng = np.random.default_rng(0)
    return {
        "waveform": rng.normal(size=(beats, length, channels)).astype(np.float32),
        "features": rng.normal(size=(beats, features)).astype(np.float32),
    }


@pytest.mark.parametrize(("build", "settings"), BUILDERS)
@pytest.mark.parametrize(("length", "channels", "features"), [(187, 2, 10), (33, 1, 1)])
def test_three_opinions_of_five_logits(build, settings, length, channels, features):
    model = build(length, channels, features, **settings)
    answers = model.predict(inputs(3, length, channels, features), verbose=0)
    assert list(answers) == ["logits", "aux_waveform", "aux_features"]
    for logits in answers.values():
        assert logits.shape == (3, 5)
        assert not np.allclose(logits.sum(axis=1), 1), "logits, not probabilities"


@pytest.mark.parametrize(("build", "settings"), BUILDERS)
def test_without_features_there_is_one_opinion_and_one_input(build, settings):
    model = build(40, 2, 0, **settings)
    arrays = inputs(3, 40, 2, 0)
    assert list(inputs_of(model, arrays)) == ["waveform"]
    answers = model.predict(inputs_of(model, arrays), verbose=0)
    assert {name: logits.shape for name, logits in answers.items()} == {"logits": (3, 5)}


@pytest.mark.parametrize(("build", "settings"), BUILDERS)
def test_each_opinion_follows_what_it_is_named_after(build, settings):
    model = build(40, 1, 2, **settings)
    arrays = inputs(4, 40, 1, 2)

    def moved(**changed):
        before, after = (model.predict(given, verbose=0) for given in (arrays, arrays | changed))
        return {name for name in before if not np.array_equal(before[name], after[name])}

    assert moved(waveform=-arrays["waveform"]) == {"logits", "aux_waveform"}
    assert moved(features=-arrays["features"]) == {"logits", "aux_features"}


def test_inputs_of_takes_what_the_model_takes_and_nothing_else():
    arrays = inputs(2, 40, 1, 3) | {"label": np.zeros(2)}
    assert list(inputs_of(build_cnn(40, 1, 3, **CNN), arrays)) == ["waveform", "features"]


@pytest.mark.parametrize("setting", ["filters", "blocks", "kernel_size", "dense"])
def test_every_size_of_the_cnn_changes_it(setting):
    larger = CNN | {setting: CNN[setting] + 2}
    assert build_cnn(64, 1, 2, **larger).count_params() > build_cnn(64, 1, 2, **CNN).count_params()


def test_each_layer_has_the_filters_of_its_own():
    model = build_cnn(64, 1, 2, **CNN | {"filters": [4, 6, 10, 7], "blocks": 3})
    wide = [x.filters for x in model.layers if isinstance(x, keras.layers.Conv1D) and x.kernel_size == (3,)]
    assert wide == [4, 6, 6, 10, 10, 7, 7]


@pytest.mark.parametrize("setting", ["units", "stem", "embedding", "patch", "dense"])
def test_every_size_of_the_rnn_changes_it(setting):
    larger = RNN | {setting: RNN[setting] + 2}
    assert build_rnn(64, 1, 2, **larger).count_params() > build_rnn(64, 1, 2, **RNN).count_params()


def test_the_stride_shortens_the_sequence_and_dropout_is_applied():
    model = build_cnn(64, 1, 2, **CNN | {"stride": 4, "dropout": 0.7})
    first = next(layer for layer in model.layers if isinstance(layer, keras.layers.Conv1D))
    assert first.output.shape[1] == 16
    assert {layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)} == {0.7}


@pytest.mark.parametrize("stem", [0, 6])
def test_a_step_of_the_rnn_covers_a_patch_with_a_stem_and_without(stem):
    model = build_rnn(64, 1, 2, **RNN | {"stem": stem, "patch": 8})
    cell = next(layer for layer in model.layers if isinstance(layer, keras.layers.Bidirectional))
    assert cell.output.shape[1] == 64 / 8


def test_an_odd_patch_beside_a_stem_is_refused():
    with pytest.raises(ValueError, match=r"rnn\.patch is 5; .* even"):
        build_rnn(64, 1, 2, **RNN | {"stem": 6, "patch": 5})


def test_an_unknown_cell_is_named():
    with pytest.raises(ValueError, match="'elman'; use one of gru, lstm"):
        build_rnn(64, 1, 2, **RNN | {"cell": "elman"})
