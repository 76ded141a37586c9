"""Stage `export PROTOCOL NETWORK`: small files that predict without TensorFlow, and how well they agree.

python -m stages.export inter_patient cnn
"""

import json
import time

import pandas as pd

from arrhythmia import paths
from arrhythmia.aami import CLASSES
from arrhythmia.export.agreement import agreement, macro_f1_change
from arrhythmia.export.model_card import SUFFIXES, model_card
from arrhythmia.inference.fusion import FITTED
from arrhythmia.inference.model import ModelConfig, infer, session
from arrhythmia.params import load_params
from arrhythmia.preprocessing.inputs import Preprocessor
from arrhythmia.protocols import PROTOCOLS
from arrhythmia.training import runtime
from arrhythmia.utils.files import load_arrays, replacing, write_text
from stages.run import run


def main(protocol: str, network: str) -> None:
    """Write the network in two precisions, its config, its card, and the agreement with the Keras model."""
    runtime.prepare(threads=1, seed=0)  # weights are read; nothing is computed that more threads would change
    import keras

    from arrhythmia.training.serialization import load_model

    model = load_model(paths.model(protocol, network))
    test = load_arrays(paths.normalized(protocol, "test"))
    expected = load_arrays(paths.predictions(protocol, network))["network"]
    agreements = {}
    for precision, data in in_precisions(model).items():
        start = time.perf_counter()
        answer = infer(session(data), test)
        rate = len(answer) / (time.perf_counter() - start)
        change = macro_f1_change(test["label"], expected, answer, PROTOCOLS[protocol].classes)
        agreements[precision] = {
            **agreement(expected, answer),
            "macro_f1_change": change,
            "bytes": len(data),
        }
        speed = f"{rate:,.0f} beats a second on one core"
        print(f"{network} {protocol} {precision}: {speed}, {agreements[precision]}")
        with replacing(paths.model(protocol, network, SUFFIXES[precision])) as temporary:
            temporary.write_bytes(data)
    scores = json.loads(paths.metrics(protocol, network).read_text())
    config = config_of(protocol, network, source=scores["source"])
    write_text(paths.model(protocol, network, ".json"), config.to_json())
    write_text(paths.exported(protocol, network), json.dumps(agreements, indent=2) + "\n")
    records = pd.read_csv(paths.tables(protocol, network) / "records.csv", dtype={"record": str})
    members = sum(isinstance(layer, keras.Model) for layer in model.layers)
    text = model_card(config, scores, agreements, records, members=members)
    write_text(paths.model(protocol, network, ".md"), text)


def in_precisions(model) -> dict[str, bytes]:
    """Return the ONNX file of a Keras model for each precision in `model_card.SUFFIXES`."""
    from arrhythmia.export.onnx import onnx_model
    from arrhythmia.export.quantization import with_int8_weights

    converted = onnx_model(model)
    made = {"float32": converted, "int8": with_int8_weights(converted)}
    return {precision: network.SerializeToString(deterministic=True) for precision, network in made.items()}


def config_of(protocol: str, network: str, *, source: str) -> ModelConfig:
    """Return what a prediction by this network needs: how beats are cut, scaled, and fused.

    Args:
        protocol: by which it was trained.
        network: `cnn` or `rnn`.
        source: of the training recordings.
    """
    fused = json.loads(paths.fused(protocol, network).read_text())
    return ModelConfig(
        model=network,
        protocol=protocol,
        source=source,
        classes=CLASSES,
        segment=load_params()["segment"],
        preprocessor=Preprocessor.from_arrays(load_arrays(paths.preprocessor(protocol))),
        fusion={name: fused[name] for name in FITTED},
    )


if __name__ == "__main__":
    run(main)
