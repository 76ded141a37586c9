"""What `train_cnn` and `train_rnn` share: arrays in, training curves and the best model out."""

import math
import os
import shutil
from collections.abc import Callable

from arrhythmia import runtime
from arrhythmia.errors import DataError
from arrhythmia.files import load_arrays
from stages import paths
from stages.run import load_params


def train(name: str, protocol: str, find_builder: Callable[[], Callable]) -> None:
    """Train the network `name` under `protocol`.

    Args:
        name: `cnn` or `rnn`: its group in params.yaml and the name of its files.
        protocol: which split.
        find_builder: imports the function that builds the network; called when the runtime is prepared,
            because importing Keras starts TensorFlow.
    """
    params = load_params()
    knobs = dict(params["train"])
    runtime.prepare(threads=knobs.pop("threads"), seed=knobs.pop("seed"))
    from dvclive import Live

    from arrhythmia.keras_archive import save_model
    from arrhythmia.training import fit

    sides = {side: load_arrays(paths.normalized(protocol) / f"{side}.npz") for side in ("train", "val")}
    shapes = [*sides["train"]["waveform"].shape[1:], sides["train"]["rhythm"].shape[1]]
    history: list[dict[str, float]] = []
    # dvclive writes after every epoch; the curves get their name when they are complete.
    unfinished = paths.model(protocol, name).with_suffix(".unfinished")
    with Live(str(unfinished), dvcyaml=None, save_dvc_exp=False) as live:
        live.step = 1  # epochs are counted from 1, as Keras prints them

        def log(values: dict[str, float]) -> None:
            history.append(values)
            for key, value in values.items():
                side, key = ("val", key[4:]) if key.startswith("val_") else ("train", key)
                live.log_metric(key if key == "lr" else f"{side}/{key}", value)
            live.next_step()

        try:
            model = find_builder()(*shapes, **params[name])
            best = fit(model, sides["train"], sides["val"], on_epoch=log, **knobs)
        except (ValueError, TypeError) as error:  # a value, or a name, that the network does not know
            raise DataError(f"params.yaml: {error}") from error
        if not math.isfinite(history[best - 1]["val_loss"]):
            raise DataError("params.yaml: the validation loss is not a number; lower train.lr")
        # dvclive's summary keeps the last epoch; the saved weights are those of the best one.
        live.summary["best"] = {"epoch": best, **history[best - 1]}
        live.make_summary()
    shutil.rmtree(paths.training(protocol, name), ignore_errors=True)
    paths.training(protocol, name).parent.mkdir(parents=True, exist_ok=True)
    os.replace(unfinished, paths.training(protocol, name))
    save_model(model, paths.model(protocol, name))
    print(f"{name} {protocol}: {model.count_params():,} parameters, best epoch {best}")
