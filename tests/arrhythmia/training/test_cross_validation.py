import inspect
import json
import os
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from arrhythmia import paths
from arrhythmia.errors import DataError
from arrhythmia.params import load_params
from arrhythmia.training import cross_validation
from arrhythmia.utils.files import save_arrays
from stages import train_cnn, train_rnn
from tests.in_process import run_in_process
from tests.params import write_params

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
PARAMS = {
    "train": {
        "lr": 0.01,
        "schedule": "cosine",
        "batch_size": 32,
        "epochs": {"intra_patient": 1, "inter_patient": 2},
        "ensemble_size": {"intra_patient": 1, "inter_patient": 2},
        "template_mixing": {"intra_patient": 0.0, "inter_patient": 1.0},
        "class_weight_power": 0.3,
        "seed": 0,
        "loggers": ["dvclive"],
        "threads": 1,
    },
    "cnn": {
        **{"network": "residual", "filters": 4, "blocks": 1, "kernel_size": 3, "stride": 2},
        **{"dense": 4, "dropout": 0.1},
    },
    "rnn": {
        **{"network": "patches", "cell": "gru", "units": 3, "stem": 0, "patch": 4, "embedding": 4},
        **{"dense": 4, "dropout": 0.1},
    },
}
INTER, INTRA = "inter_patient", "intra_patient"


def configure(**groups):
    """Write params.yaml with some settings changed."""
    small = {group: {**PARAMS[group], **groups.get(group, {})} for group in PARAMS}
    write_params(**groups | small)


@pytest.fixture(scope="module")
def arrays():
    """Sixty beats in three folds, told by amplitude and by the first feature."""
    rng = np.random.default_rng(0)
    label = np.arange(60) % 5
    return {
        "waveform": (rng.normal(0, 0.3, (60, 24, 2)) + label[:, None, None]).astype(np.float32),
        "features": (rng.normal(0, 0.3, (60, 3)) + label[:, None]).astype(np.float32),
        "label": label.astype(np.int8),
        "fold": np.repeat([0, 1, 2], 20).astype(np.int8),
    }


@pytest.fixture
def project(tmp_path, monkeypatch, arrays, keras):
    """A folder with the arrays of both protocols, and nothing else."""
    monkeypatch.chdir(tmp_path)
    for protocol in (INTER, INTRA):
        save_arrays(paths.normalized(protocol, "train"), **arrays)
    configure()
    return tmp_path


@pytest.fixture(scope="module")
def trained(tmp_path_factory, arrays, keras):
    """A folder in which both networks have been trained under the inter-patient protocol."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("project"))
        save_arrays(paths.normalized(INTER, "train"), **arrays)
        configure()
        run(train_cnn)
        run(train_rnn)
        yield Path.cwd()


def run(stage, protocol=INTER):
    run_in_process(stage, protocol)


def outputs(name, protocol=INTER):
    """Return the bytes of everything that a training writes, by file."""
    curves = sorted(paths.training(protocol, name).rglob("*.tsv"))
    files = [paths.model(protocol, name), paths.cross_validated(protocol, name), *curves]
    return {path.as_posix(): path.read_bytes() for path in files}


def written():
    """Return all files but the stage's inputs."""
    return [
        path for path in Path().rglob("*") if path.is_file() and path.parts[0] not in ("data", "params.yaml")
    ]


@pytest.mark.parametrize("name", ["cnn", "rnn"])
def test_the_model_is_the_average_of_the_members_and_gives_probabilities(trained, arrays, keras, name):
    model = keras.saving.load_model(paths.model(INTER, name), compile=False, safe_mode=True)
    assert [layer.name for layer in model.layers if layer.name.startswith("member_")] == [
        "member_0",
        "member_1",
    ]
    assert [tensor.name for tensor in model.inputs] == ["waveform", "features"]
    probability = model.predict({key: arrays[key] for key in ("waveform", "features")}, verbose=0)
    assert probability.shape == (60, 5)
    np.testing.assert_allclose(probability.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("name", ["cnn", "rnn"])
def test_the_card_holds_the_scores_of_the_held_out_folds(trained, name):
    card = json.loads(paths.cross_validated(INTER, name).read_text())
    assert list(card) == [
        *("beats", "ensemble_size", "accuracy", "macro_f1", "macro_f1_nsv", "j_kappa", "f1_S", "f1_V"),
        *("ece", "log_loss", "temperature"),
    ]
    assert (card["beats"], card["ensemble_size"]) == (40, 2), "two of three folds are held out by a member"
    assert 0 <= card["accuracy"] <= 1
    assert card["log_loss"] > 0


def test_the_curves_hold_every_epoch(trained):
    folder = paths.training(INTER, "cnn")
    names = {path.relative_to(folder / "plots" / "metrics").as_posix() for path in folder.rglob("*.tsv")}
    assert names == {
        "lr.tsv",
        *(f"{side}/{key}.tsv" for side in ("train", "val") for key in ("loss", "macro_f1")),
    }
    for name in names:
        curve = pd.read_csv(folder / "plots" / "metrics" / name, sep="\t")
        assert curve["step"].tolist() == [1, 2]
        assert np.isfinite(curve.iloc[:, -1]).all()


def test_the_same_arrays_and_parameters_give_the_same_bytes_elsewhere(project, trained):
    """`project` has no table of beats, no split, no test arrays: nothing but the training arrays is read."""
    run(train_cnn)
    assert len(outputs("cnn")) == 7
    for path, content in outputs("cnn").items():
        assert (trained / path).read_bytes() == content


@pytest.fixture(scope="module")
def one_network(tmp_path_factory, arrays, keras):
    """A folder in which one network has been trained for an epoch, under the intra-patient protocol."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("one_network"))
        save_arrays(paths.normalized(INTRA, "train"), **arrays)
        configure()
        run(train_cnn, INTRA)
        return Path.cwd()


def test_another_seed_gives_another_model_and_each_epoch_is_said(project, one_network, capfd):
    configure(train={"seed": 1})
    run(train_cnn, INTRA)
    assert "cnn intra_patient network 1 of 1: 1 of 1 epochs  " in capfd.readouterr().out
    model = paths.model(INTRA, "cnn")
    assert model.read_bytes() != (one_network / model).read_bytes()


def test_wandb_beside_dvclive_changes_no_byte(project, one_network, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    configure(train={"loggers": ["dvclive", "wandb"]})
    run(train_cnn, INTRA)
    assert len(list(project.glob("wandb/offline-run-*/*.wandb"))) == 1
    assert len(outputs("cnn", INTRA)) == 7
    for path, content in outputs("cnn", INTRA).items():
        assert (one_network / path).read_bytes() == content


def test_one_member_under_a_protocol_of_its_own(one_network):
    card = json.loads((one_network / paths.cross_validated(INTRA, "cnn")).read_text())
    assert (card["beats"], card["ensemble_size"]) == (20, 1)
    assert (one_network / paths.training(INTRA, "cnn")).is_dir()


@pytest.mark.parametrize(
    ("stage", "group", "network", "length"),
    [
        (train_cnn, "cnn", "kachuee", 130),
        (train_cnn, "cnn", "three_layer", 60),
        (train_rnn, "rnn", "stacked_lstm", 9),
    ],
)
def test_a_network_of_the_literature_takes_the_waveform_alone(
    project, arrays, keras, stage, group, network, length
):
    waveform = np.repeat(arrays["waveform"][:, :1], length, axis=1)
    save_arrays(paths.normalized(INTRA, "train"), **{**arrays, "waveform": waveform})
    configure(**{group: {"network": network}}, segment={"window": "kaggle"}, fusion={"weight": 0})
    run(stage, INTRA)
    model = keras.saving.load_model(paths.model(INTRA, group), compile=False, safe_mode=True)
    assert [tensor.shape for tensor in model.inputs] == [(None, length, 2)]


@pytest.mark.parametrize("member", [0, 1])
def test_each_member_learns_from_all_folds_but_its_own(project, arrays, monkeypatch, member):
    from arrhythmia.training import fit

    seen = []
    monkeypatch.setattr(
        fit, "train_epochs", lambda *given, **settings: iter(seen.append((*given, settings)) or [])
    )
    _, history, logits = cross_validation.train_member(
        "cnn", INTER, train_cnn.builders, member, members=2, workers=1
    )
    ((_, rest, held_out, settings),) = seen
    for key in ("waveform", "features", "label"):
        np.testing.assert_array_equal(rest[key], arrays[key][arrays["fold"] != member])
        np.testing.assert_array_equal(held_out[key], arrays[key][arrays["fold"] == member])
    assert (settings["epochs"], settings["template_mixing"], settings["seed"]) == (2, 1.0, 1000 * member)
    assert not {"ensemble_size", "threads", "loggers"} & set(settings)
    assert (history, logits.shape) == ([], (20, 5))


def test_beats_that_are_too_short_for_the_network_are_named_in_one_line(project):
    """As after a change of the parameters, when data/ is of before it."""
    configure(cnn={"network": "kachuee"}, segment={"window": "kaggle"}, fusion={"weight": 0})
    said = r"^params\.yaml: cnn\.network=kachuee needs 129 samples a beat; there are 24$"
    with pytest.raises(DataError, match=said):
        cross_validation.train_member("cnn", INTER, train_cnn.builders, 0, members=2, workers=1)


def test_a_training_that_comes_to_nothing_says_why_and_writes_nothing(project, arrays):
    enormous = np.full_like(arrays["features"], 3e38)  # a sum of these is infinite
    save_arrays(paths.normalized(INTRA, "train"), **{**arrays, "features": enormous})
    said = r"^params\.yaml: the network's answers are not numbers; lower train\.lr$"
    with pytest.raises(DataError, match=said):
        run(train_cnn, INTRA)
    assert written() == []


def test_no_arrays_are_named_in_one_line(project):
    paths.normalized(INTER, "train").unlink()
    with pytest.raises(
        DataError, match=r"^data/normalized/inter_patient/train\.npz: missing; run `dvc repro`$"
    ):
        run(train_cnn)


def test_a_training_that_is_cut_off_writes_nothing(project, monkeypatch):
    builders, asked = train_cnn.builders, []

    def interrupted_the_second_time():
        asked.append("builders")
        if len(asked) == 2:
            raise KeyboardInterrupt
        return builders()

    monkeypatch.setattr(train_cnn, "builders", interrupted_the_second_time)
    with pytest.raises(KeyboardInterrupt):
        run(train_cnn)
    assert len(asked) == 2
    assert written() == []


def killed():
    """Instead of importing builders: what the system does to a process when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_process_is_one_line(project):
    with pytest.raises(DataError, match=r"^cnn inter_patient: a process was killed.* `ARRHYTHMIA_CORES=1"):
        cross_validation.train("cnn", INTER, killed)
    assert written() == []


def test_the_parameters_of_params_yaml_are_those_that_training_takes(keras):
    from arrhythmia.training.fit import train_epochs

    taken = inspect.signature(train_epochs).parameters.values()
    for number in (0, 3):
        settings = cross_validation.settings_of_member(load_params(ROOT / "params.yaml"), INTER, number)
        assert set(settings) == {setting.name for setting in taken if setting.kind is setting.KEYWORD_ONLY}
        assert settings["seed"] == 1000 * number
