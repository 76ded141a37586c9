import numpy as np
import pytest
from scipy.special import softmax

pytestmark = pytest.mark.slow  # for the import of TensorFlow

CNN = {"filters": 4, "blocks": 2, "kernel_size": 3, "stride": 2, "dense": 4, "dropout": 0.5}
TEMPERATURE = 1.7


@pytest.fixture(scope="module")
def averaged(keras):
    from arrhythmia.training.ensemble import averaged

    return averaged


@pytest.fixture(scope="module")
def members(keras):
    """Return a function that builds networks with other weights each, by the name of their kind."""
    from arrhythmia.models.cnn import build_cnn
    from arrhythmia.models.literature import kachuee, stacked_lstm

    kinds = {
        "ours": lambda: build_cnn(130, 1, 3, **CNN),
        "without features": lambda: build_cnn(130, 1, 0, **CNN),
        "kachuee": lambda: kachuee(130, 1),
        "stacked_lstm": lambda: stacked_lstm(130, 1),
    }

    def build(kind, number):
        networks = []
        for seed in range(number):
            keras.utils.set_random_seed(seed)
            networks.append(kinds[kind]())
        return networks

    return build


def answer(model):
    """Return the model's answer on six made-up beats."""
    from arrhythmia.models.layers import inputs_of

    rng = np.random.default_rng(0)
    arrays = {"waveform": rng.normal(size=(6, 130, 1)), "features": rng.normal(size=(6, 3))}
    return model.predict(inputs_of(model, arrays), verbose=0)


@pytest.mark.parametrize(
    ("kind", "number"),
    [("ours", 1), ("ours", 3), ("without features", 2), ("kachuee", 2), ("stacked_lstm", 2)],
)
def test_it_is_the_softmax_of_the_mean_logits_over_the_temperature(averaged, members, kind, number):
    networks = members(kind, number)
    logits = [answer(network)["logits"] for network in networks]
    probability = answer(averaged(networks, TEMPERATURE))
    assert probability.shape == (6, 5)
    expected = softmax(np.mean(logits, axis=0) / TEMPERATURE, axis=1)
    np.testing.assert_allclose(probability, expected, atol=1e-5)


@pytest.mark.parametrize(("kind", "number"), [("ours", 1), ("ours", 2), ("kachuee", 2)])
def test_a_saved_model_answers_as_before(keras, averaged, members, kind, number, tmp_path):
    from arrhythmia.training.serialization import save_model

    model = averaged(members(kind, number), TEMPERATURE)
    save_model(model, tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    assert [x.name for x in again.inputs] == [x.name for x in model.inputs]
    np.testing.assert_array_equal(answer(again), answer(model))


def test_equal_models_are_equal_files(keras, averaged, members, tmp_path):
    from arrhythmia.training.serialization import save_model

    for name in ("a.keras", "b.keras"):
        keras.backend.clear_session()
        save_model(averaged(members("ours", 2), TEMPERATURE), tmp_path / name)
    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()


def test_opinions_that_only_help_to_train_are_left_out(averaged, members):
    networks = members("ours", 2)
    (outputs,) = averaged(networks, TEMPERATURE).outputs
    assert outputs.shape == (None, 5)
    helpers = {name: networks[0].get_layer(name).count_params() for name in ("aux_waveform", "aux_features")}
    needed = sum(network.count_params() - sum(helpers.values()) for network in networks)
    assert averaged(networks, TEMPERATURE).count_params() == needed


def test_each_network_answers_for_the_fold_of_its_number(averaged, members):
    from arrhythmia.training.ensemble import held_out_probability

    networks = members("ours", 2)
    rng = np.random.default_rng(0)
    train = {"waveform": rng.normal(size=(6, 130, 1)), "features": rng.normal(size=(6, 3))}
    train["fold"] = np.array([1, 0, 2, 1, 0, 1])
    number, probability = held_out_probability(averaged(networks, TEMPERATURE), train)
    assert number == 2
    for k, network in enumerate(networks):
        rows = train["fold"] == k
        logits = network.predict({key: train[key] for key in ("waveform", "features")}, verbose=0)["logits"]
        np.testing.assert_allclose(probability[rows], softmax(logits[rows] / TEMPERATURE, axis=1), atol=1e-5)
    assert np.isnan(probability[train["fold"] == 2]).all()
