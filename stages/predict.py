"""Stage `predict PROTOCOL NETWORK`: probabilities of the test beats, fused with the rhythm network's.

python -m stages.predict inter_patient cnn
"""

import json

import numpy as np

from arrhythmia import paths
from arrhythmia.inference.fusion import FITTED, fuse
from arrhythmia.params import load_params
from arrhythmia.protocols import PROTOCOLS
from arrhythmia.training import runtime
from arrhythmia.utils.files import load_arrays, save_arrays
from arrhythmia.utils.progress import Progress
from stages.run import run


def main(protocol: str, network: str) -> None:
    """Save the probabilities of the test beats, those of the network alone, and the number of its parameters.

    Those of the network alone are there to compare exports with; under all_patients it has learnt from these
    beats.
    """
    runtime.prepare(threads=load_params()["train"]["threads"], seed=0)
    import keras

    from arrhythmia.models.layers import BATCH, inputs_of
    from arrhythmia.training.serialization import load_model

    model = load_model(paths.model(protocol, network))
    test = load_arrays(paths.normalized(protocol, "test"))
    progress = Progress(f"{network} {protocol}", -(-len(test["label"]) // BATCH), "batches of beats")
    counted = keras.callbacks.LambdaCallback(on_predict_batch_end=lambda batch, logs: progress.step())
    alone = model.predict(inputs_of(model, test), batch_size=BATCH, verbose=0, callbacks=[counted])
    if PROTOCOLS[protocol].out_of_fold:  # every beat is one to learn from and, in its fold, one to test
        probability = load_arrays(paths.held_out(protocol, network))["probability"]
    else:
        rows = load_arrays(paths.split(protocol))["test"]
        rhythm = load_arrays(paths.RHYTHM_PREDICTIONS)["probability"][rows]
        fitted = json.loads(paths.fused(protocol, network).read_text())
        fusion = {name: fitted[name] for name in FITTED}
        probability = fuse(alone, rhythm, **fusion).astype(np.float32)
    save_arrays(
        paths.predictions(protocol, network),
        probability=probability,
        network=alone,
        parameters=np.array(model.count_params()),
    )
    print(f"{network} {protocol}: {len(probability)} test beats")


if __name__ == "__main__":
    run(main)
