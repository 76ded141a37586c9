"""How the rhythm network is trained: on simulated patients alone. Pure Keras 3."""

from collections.abc import Iterator

import keras
import numpy as np

from arrhythmia.simulation.patient_set import PatientSet
from arrhythmia.training.fit import learning_rate
from arrhythmia.utils.progress import tracked

PATIENTS = 8
"""Simulated patients that are classified at a time, which bounds the memory."""


def train_updates(
    network: keras.Model,
    patients: PatientSet,
    *,
    lr: float,
    weight_decay: float,
    steps: int,
    batch_size: int,
    sequence: int,
    seed: int,
) -> Iterator[float]:
    """Train a rhythm network on pieces of patients, drawn anew for each update.

    Args:
        network: from `models.rhythm.build_rhythm`.
        patients: to learn from.
        lr: highest learning rate of AdamW, under the schedule `cosine` of `fit.learning_rate`.
        weight_decay: of AdamW (Loshchilov & Hutter 2019).
        steps: number of updates.
        batch_size: pieces an update.
        sequence: beats of a piece, at most those of a patient.
        seed: of what is drawn.

    Yields:
        The loss, after each update.
    """
    learner = keras.Model(network.input, network.get_layer("logits").output)
    learner.compile(
        keras.optimizers.AdamW(
            learning_rate("cosine", lr, steps), weight_decay=weight_decay, global_clipnorm=1.0
        ),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    rng = np.random.default_rng(seed)
    count, beats = patients.label.shape
    for _ in range(steps):
        patient = rng.integers(count, size=(batch_size, 1))
        beat = rng.integers(beats - sequence + 1, size=(batch_size, 1)) + np.arange(sequence)
        yield float(learner.train_on_batch(patients.tokens[patient, beat], patients.label[patient, beat]))


def rhythm_probability(network: keras.Model, tokens: np.ndarray, record: np.ndarray) -> np.ndarray:
    """Return what the rhythm network says of real beats, `(n, 5)` float32 probabilities.

    Args:
        network: from `models.rhythm.build_rhythm`, trained.
        tokens: `(n, entries)` of whole records.
        record: `(n,)` name of each beat's record.
    """
    probability = np.empty((len(tokens), network.output_shape[-1]), dtype=np.float32)
    for name in tracked(np.unique(record), "rhythm", "records"):
        rows = np.flatnonzero(record == name)
        probability[rows] = classify(network, tokens[rows][None])[0]
    return probability


def classify(network: keras.Model, tokens: np.ndarray) -> np.ndarray:
    """Return `(patients, beats, 5)` probabilities of `(patients, beats, entries)` tokens."""
    parts = [network.predict_on_batch(tokens[i : i + PATIENTS]) for i in range(0, len(tokens), PATIENTS)]
    return np.concatenate(parts)
