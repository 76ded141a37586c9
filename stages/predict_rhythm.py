"""Stage `predict_rhythm`: what the rhythm network, which has learnt from no recording, says of every beat.

python -m stages.predict_rhythm
"""

import numpy as np

from arrhythmia import paths
from arrhythmia.ecg.beats import load_beats
from arrhythmia.features.tokens import rhythm_tokens
from arrhythmia.training import runtime
from arrhythmia.utils.files import load_arrays, save_arrays
from stages.run import run


def main() -> None:
    """Save the probabilities of all beats."""
    runtime.prepare(threads=1, seed=0)
    from arrhythmia.training.precision import in_float64
    from arrhythmia.training.rhythm import rhythm_probability
    from arrhythmia.training.serialization import load_model

    beats = load_beats(paths.BEATS)
    tokens = rhythm_tokens(beats, load_arrays(paths.FEATURES)["features"])
    network = in_float64(load_model(paths.RHYTHM))  # else the last bits depend on the processor's caches
    probability = rhythm_probability(network, tokens.astype(np.float64), beats.record)
    save_arrays(paths.RHYTHM_PREDICTIONS, probability=probability)
    print(f"rhythm: {len(probability)} beats")


if __name__ == "__main__":
    run(main)
