import json
from pathlib import Path

import numpy as np
import pytest

from arrhythmia import paths
from arrhythmia.aami import CLASSES
from arrhythmia.errors import DataError
from arrhythmia.evaluation.tables import records_table
from arrhythmia.inference.model import infer, load_network
from arrhythmia.preprocessing.inputs import Preprocessor
from arrhythmia.utils.files import save_arrays
from stages import export
from tests.cards import SEGMENT, card
from tests.params import write_params

pytestmark = pytest.mark.slow

PROTOCOL, NAME = "inter_patient", "cnn"
PREPROCESSOR = Preprocessor(
    "record",
    True,
    ("pre_rr_local", "pre_post_rr_ratio"),
    *[np.empty(0)] * 2,
)


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    return {
        "waveform": rng.normal(size=(40, 100, 2)).astype(np.float32),
        "features": rng.normal(size=(40, 2)).astype(np.float32),
        "label": (np.arange(40) % 5).astype(np.int8),
    }


@pytest.fixture(scope="module")
def project(tmp_path_factory, keras, rows):
    """A folder with a small network and all that the stage reads, exported once."""
    from arrhythmia.models.cnn import build_cnn
    from arrhythmia.models.layers import inputs_of
    from arrhythmia.training.ensemble import averaged

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("project"))
        write_params(segment=SEGMENT, train={"threads": 1})
        save_arrays(paths.normalized(PROTOCOL, "test"), **rows)
        save_arrays(paths.preprocessor(PROTOCOL), **PREPROCESSOR.to_arrays())
        keras.utils.set_random_seed(0)
        sizes = {
            "filters": 16,
            "blocks": 1,
            "kernel_size": 5,
            "stride": 2,
            "dense": 64,
            "dropout": 0.1,
        }
        paths.model(PROTOCOL, NAME).parent.mkdir(parents=True)
        model = averaged([build_cnn(100, 2, 2, **sizes)], 1.3)
        model.save(paths.model(PROTOCOL, NAME))
        probability = model.predict(inputs_of(model, rows), verbose=0)
        save_arrays(paths.predictions(PROTOCOL, NAME), network=probability)
        paths.metrics(PROTOCOL, NAME).parent.mkdir(parents=True)
        paths.metrics(PROTOCOL, NAME).write_text(json.dumps(card(PROTOCOL, hits=0.7)))
        paths.fused(PROTOCOL, NAME).write_text(json.dumps({"weight": 0, "temperature": 1.1, "f1_S": 0.7}))
        paths.tables(PROTOCOL, NAME).mkdir(parents=True)
        records = records_table(np.array(["100", "200"]), np.stack([np.diag([9, 1, 1, 0, 0])] * 2))
        records.to_csv(paths.tables(PROTOCOL, NAME) / "records.csv", index=False)
        export.main(PROTOCOL, NAME)
        yield Path.cwd()


def written():
    found = [*Path("models").rglob(f"{NAME}.*"), paths.exported(PROTOCOL, NAME)]
    return {path.as_posix(): path.read_bytes() for path in found if path.is_file()}


def answers(int8):
    suffix = ".int8.onnx" if int8 else ".onnx"
    config = paths.model(PROTOCOL, NAME, ".json")
    return load_network(paths.model(PROTOCOL, NAME, suffix), config)


def test_four_files_beside_the_model_and_the_metrics(project):
    folder = f"models/{PROTOCOL}/{NAME}"
    made = [f"{folder}{suffix}" for suffix in (".keras", ".onnx", ".int8.onnx", ".json", ".md")]
    assert sorted(written()) == sorted([*made, paths.exported(PROTOCOL, NAME).as_posix()])


def test_the_files_answer_as_keras_does(project, keras, rows):
    from arrhythmia.models.layers import inputs_of

    model = keras.saving.load_model(paths.model(PROTOCOL, NAME), compile=False)
    expected = model.predict(inputs_of(model, rows), verbose=0)
    np.testing.assert_allclose(infer(answers(int8=False).session, rows), expected, atol=2e-5)
    small = infer(answers(int8=True).session, rows)
    assert 0 < np.abs(small - expected).max() < 0.05


def test_the_model_config_holds_what_prediction_needs(project):
    config = answers(int8=False).config
    assert (config.model, config.protocol, config.source) == (NAME, PROTOCOL, "physionet")
    assert (config.classes, config.segment) == (CLASSES, SEGMENT)
    assert config.fusion == {"weight": 0, "temperature": 1.1}
    for name, values in PREPROCESSOR.to_arrays().items():
        np.testing.assert_array_equal(config.preprocessor.to_arrays()[name], values)


def test_the_metrics_tell_agreement_and_size(project):
    metrics = json.loads(paths.exported(PROTOCOL, NAME).read_text())
    assert list(metrics) == ["float32", "int8"]
    assert metrics["float32"]["equal_decisions"] == 1.0
    assert metrics["float32"]["macro_f1_change"] == 0.0
    assert metrics["int8"]["largest_difference"] < 0.05
    for precision, suffix in export.SUFFIXES.items():
        size = paths.model(PROTOCOL, NAME, suffix).stat().st_size
        assert metrics[precision]["bytes"] == size
        assert f"| {size:,} |" in paths.model(PROTOCOL, NAME, ".md").read_text()
    assert metrics["int8"]["bytes"] < metrics["float32"]["bytes"]


def test_same_bytes_on_every_run(project):
    before = written()
    export.main(PROTOCOL, NAME)
    assert written() == before


def test_a_missing_model_is_named(project):
    with pytest.raises(DataError, match=r"^models/inter_patient/rnn\.keras: missing; run `dvc repro`"):
        export.main(PROTOCOL, "rnn")
