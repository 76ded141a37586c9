"""Stage `evaluate PROTOCOL MODEL`: score a network on the test beats.

python -m stages.evaluate inter_patient cnn
"""

import pandas as pd

from arrhythmia import paths
from arrhythmia.ecg.beats import load_beats
from arrhythmia.errors import DataError
from arrhythmia.figures import evaluation
from arrhythmia.figures.style import save_png
from arrhythmia.params import load_params
from arrhythmia.protocols import heading
from arrhythmia.training import runtime
from arrhythmia.utils.files import load_arrays
from stages.run import run
from stages.scores import write_scores


def main(protocol: str, name: str) -> None:
    """Predict the test beats, and write metrics, plots and training curves."""
    params = load_params()
    runtime.prepare(threads=params["train"]["threads"], seed=params["evaluate"]["seed"])
    import keras

    from arrhythmia.models.layers import inputs_of

    if not paths.model(protocol, name).exists():
        raise DataError(f"{paths.model(protocol, name)}: missing; run `dvc repro train_{name}`")
    model = keras.saving.load_model(paths.model(protocol, name), compile=False, safe_mode=True)
    test = load_arrays(paths.normalized(protocol, "test"))
    probability = model.predict(inputs_of(model, test), batch_size=1024, verbose=0)
    beats = load_beats(paths.BEATS)
    draw_training(protocol, name, str(beats.source))
    write_scores(
        protocol,
        name,
        beats=beats,
        test=load_arrays(paths.split(protocol))["test"],
        probability=probability.astype(float),
        parameters=model.count_params(),
        **params["evaluate"],
    )


def draw_training(protocol: str, name: str, source: str) -> None:
    """Draw the curves that dvclive wrote while the network was trained."""

    folder = paths.training(protocol, name)

    def curve(key: str):
        return pd.read_csv(folder / "plots" / "metrics" / f"{key}.tsv", sep="\t").iloc[:, -1].to_numpy()

    loss, macro_f1 = (
        {side: curve(f"{side}/{key}") for side in ("train", "val")} for key in ("loss", "macro_f1")
    )
    figure = evaluation.training_curves(
        loss,
        macro_f1,
        curve("lr"),
        title=f"{heading(protocol, name, source)}: training",
    )
    save_png(paths.pictures(protocol, name) / "training.png", figure)


if __name__ == "__main__":
    run(main)
