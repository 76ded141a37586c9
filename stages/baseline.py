"""Stage `baseline PROTOCOL`: fit and score the random forest on RR ratios and QRS width.

Fitting takes seconds, so one stage does both and stores no model: scikit-learn's own format is pickle.
"""

from arrhythmia.beats import load_beats
from arrhythmia.files import load_arrays
from arrhythmia.forest import forest_features, forest_probabilities
from stages import paths
from stages.run import load_params, run
from stages.scores import write_scores


def main(protocol: str) -> None:
    """Fit the forest on train, score it on test; val is not needed."""
    params = load_params()
    beats, split = load_beats(paths.BEATS), load_arrays(paths.split(protocol))
    probability, nodes = forest_probabilities(
        forest_features(beats), beats.label, split["train"], split["test"], **params["forest"]
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
