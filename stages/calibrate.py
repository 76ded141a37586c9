"""Stage `calibrate PROTOCOL NETWORK`: fuse with the rhythm network, and calibrate on held-out beats.

python -m stages.calibrate inter_patient cnn
"""

import json

import numpy as np

from arrhythmia import paths
from arrhythmia.inference.fusion import fuse
from arrhythmia.params import load_params
from arrhythmia.protocols import PROTOCOLS, of_protocol
from arrhythmia.training import runtime
from arrhythmia.training.calibration import held_out_scores
from arrhythmia.utils.files import load_arrays, save_arrays, write_text
from stages.run import run


def main(protocol: str, network: str) -> None:
    """Save weight, temperature and scores of the held-out beats, and their probabilities."""
    params = load_params()
    runtime.prepare(threads=params["train"]["threads"], seed=0)
    from arrhythmia.training.ensemble import held_out_probability
    from arrhythmia.training.serialization import load_model

    weight = of_protocol(params["fusion"], protocol)["weight"]
    rhythm = load_arrays(paths.RHYTHM_PREDICTIONS)["probability"]
    train, rows = (
        load_arrays(paths.normalized(protocol, "train")),
        load_arrays(paths.split(protocol))["train"],
    )
    members, alone = held_out_probability(load_model(paths.model(protocol, network)), train)
    held_out = train["fold"] < members
    fused = np.log(fuse(alone[held_out], rhythm[rows][held_out], weight=weight, temperature=1.0))
    _, probability, scores = held_out_scores(
        fused,
        train["label"][held_out],
        train["fold"][held_out],
        protocol=PROTOCOLS[protocol],
        members=members,
    )
    save_arrays(paths.held_out(protocol, network), probability=probability.astype(np.float32))
    write_text(paths.fused(protocol, network), json.dumps(scores | {"weight": weight}, indent=2) + "\n")
    print(f"{network} {protocol}, fused: held-out folds: {scores}")


if __name__ == "__main__":
    run(main)
