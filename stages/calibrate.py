"""Stage `calibrate PROTOCOL NETWORK`: fuse with the rhythm network, and calibrate on held-out beats.

python -m stages.calibrate inter_patient cnn
"""

import json

import numpy as np

from arrhythmia import paths
from arrhythmia.inference.fusion import fuse
from arrhythmia.params import load_params
from arrhythmia.protocols import PROTOCOLS, of_protocol
from arrhythmia.scoring.summary import cv_metrics
from arrhythmia.training import runtime
from arrhythmia.training.calibration import fit_temperature, temperature_scaled
from arrhythmia.utils.files import load_arrays, save_arrays, write_text
from stages.run import run

TINIEST = np.finfo(np.float32).tiny
"""A probability that has come to 0 counts as it, so that its logarithm is finite."""


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
    model = load_model(paths.model(protocol, network))
    layer = model.get_layer("temperature")
    first, layer.scale = 1 / layer.scale, 1.0  # it was fitted on all folds: each gets one by the others
    members, likely = held_out_probability(model, train)
    held_out = train["fold"] < members
    logits, rhythm = np.log(np.maximum(likely[held_out], TINIEST)), rhythm[rows][held_out]
    label, fold = train["label"][held_out], train["fold"][held_out]
    temperature = fit_temperature(pooled(logits, rhythm, weight=weight, temperature=first), label)
    probability = out_of_fold(logits, rhythm, label, fold, weight=weight)
    scores = cv_metrics(
        label, probability, protocol=PROTOCOLS[protocol], members=members, temperature=temperature
    )
    save_arrays(paths.held_out(protocol, network), probability=probability.astype(np.float32))
    write_text(paths.fused(protocol, network), json.dumps(scores | {"weight": weight}, indent=2) + "\n")
    print(f"{network} {protocol}, fused: held-out folds: {scores}")


def pooled(logits: np.ndarray, rhythm: np.ndarray, *, weight: float, temperature: float) -> np.ndarray:
    """Return the logarithms of the fused probabilities, `(n, 5)`, that a second temperature divides.

    Args:
        logits: `(n, 5)` of the CNN or RNN.
        rhythm: `(n, 5)` probabilities of the rhythm network.
        weight: of the rhythm network.
        temperature: of the CNN or RNN.
    """
    network = temperature_scaled(logits, temperature)
    return np.log(fuse(network, rhythm, weight=weight, temperature=1.0))


def out_of_fold(
    logits: np.ndarray, rhythm: np.ndarray, label: np.ndarray, fold: np.ndarray, *, weight: float
) -> np.ndarray:
    """Return fused probabilities, `(n, 5)`: each fold with both temperatures fitted on the others.

    Args:
        logits: `(n, 5)`, of each beat by the network that has not learnt from its fold.
        rhythm: `(n, 5)` probabilities of the rhythm network.
        label: `(n,)` labels 0..4.
        fold: `(n,)` fold of each beat; if there is one only, it is calibrated by itself.
        weight: of the rhythm network.
    """
    probability = np.empty(logits.shape)
    for number in np.unique(fold):
        rows = fold == number
        others = rows if rows.all() else ~rows
        first = fit_temperature(logits[others], label[others])
        both = pooled(logits, rhythm, weight=weight, temperature=first)
        second = fit_temperature(both[others], label[others])
        probability[rows] = temperature_scaled(both[rows], second)
    return probability


if __name__ == "__main__":
    run(main)
