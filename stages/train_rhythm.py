"""Stage `train_rhythm`: train the rhythm network on simulated patients.

python -m stages.train_rhythm
"""

import json

import numpy as np
import pandas as pd

from arrhythmia import paths
from arrhythmia.features.tokens import ENTRIES
from arrhythmia.params import load_params
from arrhythmia.scoring.strata import strata_scores
from arrhythmia.simulation.patient_set import PatientSet, simulate_patients
from arrhythmia.simulation.patients import STRATA
from arrhythmia.training import runtime
from arrhythmia.utils.files import write_text
from arrhythmia.utils.parallel import cores
from arrhythmia.utils.progress import Progress
from stages.run import run

VALIDATION = 3_000_000_000
"""Seed of the first patient to validate on; the same ones whatever the seed of training."""

EVERY = 50
"""Updates between two points of the learning curve, each the mean of so many losses."""


def main() -> None:
    """Simulate patients, train, and score on other simulated patients."""
    settings = dict(load_params()["rhythm"])
    size = {name: settings.pop(name) for name in ("filters", "dilations", "dropout")}
    learnt_from, validated_on, beats = (
        settings.pop(name) for name in ("patients", "validation_patients", "beats")
    )
    seed = settings["seed"]
    runtime.prepare(threads=1, seed=seed)
    from arrhythmia.models.rhythm import build_rhythm
    from arrhythmia.training.rhythm import classify, train_updates
    from arrhythmia.training.serialization import save_model

    train = simulated(range(10_000 * seed, 10_000 * seed + learnt_from), beats, "to learn from")
    held_out = simulated(range(VALIDATION, VALIDATION + validated_on), beats, "to validate on")
    network = build_rhythm(len(ENTRIES), **size)
    losses: list[float] = []
    progress = Progress("rhythm", settings["steps"], "updates")
    for loss in train_updates(network, train, **settings):
        losses.append(loss)
        if len(losses) % EVERY == 0:
            progress.step(EVERY, f"loss {np.mean(losses[-EVERY:]):.4f}")
    save_model(network, paths.RHYTHM)
    label = held_out.label.ravel()
    probability = classify(network, held_out.tokens).reshape(len(label), -1)
    stratum = np.repeat(np.array(list(STRATA))[held_out.stratum], held_out.label.shape[1])
    scores = strata_scores(label, probability, stratum)
    write_text(paths.RHYTHM_METRICS, json.dumps(scores, indent=2) + "\n")
    write_text(paths.RHYTHM_CURVE, learning_curve(losses).to_csv(index=False, lineterminator="\n"))
    said = ", ".join(f"{name} {scores[name]}" for name in ("mean", "worst"))
    print(f"rhythm: {network.count_params():,} parameters; over strata {said}")


def simulated(seeds: range, beats: int, purpose: str) -> PatientSet:
    """Simulate a patient of each stratum for each seed."""
    progress = Progress(f"simulating {purpose}", len(seeds) * len(STRATA), "patients")
    return simulate_patients(seeds, beats=beats, jobs=cores(), on_patient=progress.step)


def learning_curve(losses: list[float]) -> pd.DataFrame:
    """Return the mean loss of every `EVERY` updates, five decimals."""
    whole = len(losses) // EVERY * EVERY
    mean = np.reshape(losses[:whole], (-1, EVERY)).mean(axis=1)
    return pd.DataFrame({"update": EVERY * (1 + np.arange(len(mean))), "loss": mean.round(5)})


if __name__ == "__main__":
    run(main)
