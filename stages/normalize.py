"""Stage `normalize PROTOCOL`: model-ready arrays, scaled by what the training rows say."""

from arrhythmia import paths
from arrhythmia.ecg.beats import load_beats
from arrhythmia.params import load_params
from arrhythmia.preprocessing.inputs import fit_preprocessor, model_inputs
from arrhythmia.protocols import of_protocol
from arrhythmia.utils.files import load_arrays, save_arrays
from stages.run import run


def main(protocol: str) -> None:
    """Scale waveforms and features; save the arrays of both sides, and what was fitted."""
    settings = of_protocol(load_params()["normalize"], protocol)
    beats, split = load_beats(paths.BEATS), load_arrays(paths.split(protocol))
    table = load_arrays(paths.FEATURES)["features"]
    preprocessor = fit_preprocessor(beats, split["train"], **settings)
    inputs = model_inputs(beats, table, preprocessor)
    save_arrays(paths.preprocessor(protocol), **preprocessor.to_arrays())
    for side, extra in (("train", {"fold": split["fold"]}), ("test", {})):
        rows = split[side]
        arrays = {name: values[rows] for name, values in inputs.items()}
        save_arrays(paths.normalized(protocol, side), **arrays, label=beats.label[rows], **extra)
        shapes = ", ".join(f"{name} {values.shape[1:]}" for name, values in arrays.items())
        print(f"{protocol} {side}: {len(rows)} beats, {shapes}")


if __name__ == "__main__":
    run(main)
