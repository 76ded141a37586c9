"""Stage `predict_rhythm`: what the rhythm network, which has learnt from no recording, says of every beat.

python -m stages.predict_rhythm
"""

from arrhythmia import paths
from arrhythmia.ecg.beats import load_beats
from arrhythmia.features.tokens import rhythm_tokens
from arrhythmia.training import runtime
from arrhythmia.utils.files import load_arrays, save_arrays
from stages.run import run


def main() -> None:
    """Save the probabilities of all beats."""
    runtime.prepare(threads=1, seed=0)
    from arrhythmia.training.rhythm import rhythm_probability
    from arrhythmia.training.serialization import load_model

    beats = load_beats(paths.BEATS)
    tokens = rhythm_tokens(beats, load_arrays(paths.FEATURES)["features"])
    probability = rhythm_probability(load_model(paths.RHYTHM), tokens, beats.record)
    save_arrays(paths.RHYTHM_PREDICTIONS, probability=probability)
    print(f"rhythm: {len(probability)} beats")


if __name__ == "__main__":
    run(main)
