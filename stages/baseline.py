"""Stage `baseline PROTOCOL`: fit and score the random forest on the features of rhythm and shape.

Fitting takes seconds, so one stage does both and stores no model: scikit-learn's own format is pickle.
"""

from arrhythmia.beats import load_beats
from arrhythmia.features import beat_features
from arrhythmia.files import load_arrays
from arrhythmia.forest import forest_probabilities
from arrhythmia.morphology import reference_beat
from stages import paths
from stages.run import load_params, run
from stages.scores import write_scores


def main(protocol: str) -> None:
    """Fit the forest on train, score it on test."""
    params = load_params()
    beats, split = load_beats(paths.BEATS), load_arrays(paths.split(protocol))
    reference = reference_beat(beats.waveform, beats.rr[:, int(beats.rr_before) - 1], beats.record)
    probability, nodes = forest_probabilities(
        beat_features(beats, reference), beats.label, split["train"], split["test"], **params["forest"]
    )
    write_scores(
        protocol,
        "forest",
        beats=beats,
        test=split["test"],
        probability=probability,
        parameters=nodes,
        **params["evaluate"],
    )


if __name__ == "__main__":
    run(main)
