"""Stage `export_rhythm`: the rhythm network as ONNX, and how well it agrees with Keras.

python -m stages.export_rhythm
"""

import json

from arrhythmia import paths
from arrhythmia.ecg.beats import load_beats
from arrhythmia.export.agreement import agreement
from arrhythmia.features.tokens import rhythm_tokens
from arrhythmia.inference.model import session
from arrhythmia.training import runtime
from arrhythmia.utils.files import load_arrays, replacing, write_text
from stages.run import run


def main() -> None:
    """Write the file, and its agreement on the first record."""
    runtime.prepare(threads=1, seed=0)  # weights are read; nothing is computed that more threads would change
    from arrhythmia.export.onnx import onnx_model
    from arrhythmia.training.serialization import load_model

    beats = load_beats(paths.BEATS)
    tokens = rhythm_tokens(beats, load_arrays(paths.FEATURES)["features"])
    rows = beats.record == beats.record[0]
    expected = load_arrays(paths.RHYTHM_PREDICTIONS)["probability"][rows]
    data = onnx_model(load_model(paths.RHYTHM)).SerializeToString(deterministic=True)
    answer = session(data).run(None, {"tokens": tokens[rows][None]})[0][0]
    agrees = agreement(expected, answer) | {"bytes": len(data)}
    with replacing(paths.RHYTHM_ONNX) as temporary:
        temporary.write_bytes(data)
    write_text(paths.RHYTHM_EXPORT, json.dumps(agrees, indent=2) + "\n")
    print(f"rhythm: {agrees}")


if __name__ == "__main__":
    run(main)
