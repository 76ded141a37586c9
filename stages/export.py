"""Stage `export PROTOCOL NETWORK`: small files that predict without TensorFlow, and how well they agree.

python -m stages.export inter_patient cnn
"""

import json
import time

import pandas as pd

from arrhythmia import paths
from arrhythmia.aami import CLASSES
from arrhythmia.export.agreement import agreement
from arrhythmia.export.model_card import SUFFIXES, model_card
from arrhythmia.inference.model import ModelConfig, infer, session
from arrhythmia.params import load_params
from arrhythmia.preprocessing.inputs import Preprocessor
from arrhythmia.protocols import PROTOCOLS
from arrhythmia.training import runtime
from arrhythmia.utils.files import load_arrays, replacing, write_text
from stages.run import run


def main(protocol: str, network: str) -> None:
    """Write the network in two precisions, its config, its card, and the agreement with the Keras model."""
    segment = load_params()["segment"]
    runtime.prepare(threads=1, seed=0)  # weights are read; nothing is computed that more threads would change
    import keras

    from arrhythmia.export.onnx import onnx_model
    from arrhythmia.export.quantization import with_int8_weights
    from arrhythmia.training.serialization import load_model

    model = load_model(paths.model(protocol, network))
    test = load_arrays(paths.normalized(protocol, "test"))
    expected = load_arrays(paths.predictions(protocol, network))["network"]
    converted = onnx_model(model)
    precisions = {"float32": converted, "int8": with_int8_weights(converted)}
    agreements = {}
    for precision, made in precisions.items():
        data = made.SerializeToString(deterministic=True)
        start = time.perf_counter()
        answer = infer(session(data), test)
        rate = len(answer) / (time.perf_counter() - start)
        agrees = agreement(test["label"], expected, answer, PROTOCOLS[protocol].classes)
        agreements[precision] = {**agrees, "bytes": len(data)}
        speed = f"{rate:,.0f} beats a second on one core"
        print(f"{network} {protocol} {precision}: {speed}, {agreements[precision]}")
        with replacing(paths.model(protocol, network, SUFFIXES[precision])) as temporary:
            temporary.write_bytes(data)
    card = json.loads(paths.metrics(protocol, network).read_text())
    fused = json.loads(paths.fused(protocol, network).read_text())
    config = ModelConfig(
        model=network,
        protocol=protocol,
        source=card["source"],
        classes=CLASSES,
        segment=segment,
        preprocessor=Preprocessor.from_arrays(load_arrays(paths.preprocessor(protocol))),
        fusion={name: fused[name] for name in ("weight", "temperature")},
    )
    write_text(paths.model(protocol, network, ".json"), config.to_json())
    write_text(paths.exported(protocol, network), json.dumps(agreements, indent=2) + "\n")
    records = pd.read_csv(paths.tables(protocol, network) / "records.csv", dtype={"record": str})
    members = sum(isinstance(layer, keras.Model) for layer in model.layers)
    text = model_card(config, card, agreements, records, members=members)
    write_text(paths.model(protocol, network, ".md"), text)


if __name__ == "__main__":
    run(main)
