"""Stage `predict PROTOCOL NETWORK`: probabilities of the test beats, fused with the rhythm network's.

python -m stages.predict inter_patient cnn
"""

import json

import numpy as np

from arrhythmia import paths
from arrhythmia.inference.fusion import fuse
from arrhythmia.params import load_params, of_protocol
from arrhythmia.protocols import PROTOCOLS
from arrhythmia.scoring.summary import cv_metrics
from arrhythmia.training import runtime
from arrhythmia.training.calibration import cross_calibrated, fit_temperature, temperature_scaled
from arrhythmia.utils.files import load_arrays, save_arrays, write_text
from stages.run import run


def main(protocol: str, network: str) -> None:
    """Fuse and calibrate by held-out beats; save their scores, and the probabilities of the test beats."""
    params = load_params()
    runtime.prepare(threads=params["train"]["threads"], seed=0)
    from arrhythmia.models.layers import inputs_of
    from arrhythmia.training.ensemble import held_out_probability
    from arrhythmia.training.serialization import load_model

    weight = of_protocol(params["fusion"], protocol)["weight"]
    model = load_model(paths.model(protocol, network))
    split, rhythm = load_arrays(paths.split(protocol)), load_arrays(paths.RHYTHM_PREDICTIONS)["probability"]
    train, test = (load_arrays(paths.normalized(protocol, side)) for side in ("train", "test"))
    members, own = held_out_probability(model, train)
    held_out = train["fold"] < members
    label, fold = train["label"][held_out], train["fold"][held_out]
    fused = fuse(own[held_out], rhythm[split["train"]][held_out], weight)
    temperature = fit_temperature(fused, label)
    calibrated = cross_calibrated(fused, label, fold)
    scores = cv_metrics(
        label, calibrated, protocol=PROTOCOLS[protocol], members=members, temperature=temperature
    )
    alone = model.predict(inputs_of(model, test), batch_size=1024, verbose=0)
    if PROTOCOLS[protocol].out_of_fold:  # every beat is one to learn from and, in its fold, one to test
        probability = calibrated
    else:
        probability = temperature_scaled(fuse(alone, rhythm[split["test"]], weight), temperature)
    save_arrays(
        paths.predictions(protocol, network),
        probability=probability.astype(np.float32),
        network=alone,
        parameters=np.array(model.count_params()),
    )
    write_text(paths.fused(protocol, network), json.dumps(scores | {"weight": weight}, indent=2) + "\n")
    print(f"{network} {protocol}: {len(probability)} test beats; held-out folds: {scores}")


if __name__ == "__main__":
    run(main)
