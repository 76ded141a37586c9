"""Where each stage reads and writes. `dvc.yaml` mirrors these names."""

from pathlib import Path

RAW = Path("data/raw")
BEATS = Path("data/beats.npz")
FEATURES = Path("data/features.npz")
RHYTHM = Path("models/rhythm.keras")
RHYTHM_ONNX = Path("models/rhythm.onnx")
RHYTHM_EXPORT = Path("metrics/rhythm_export.json")
RHYTHM_PREDICTIONS = Path("data/predictions/rhythm.npz")
"""Probabilities of all beats by the rhythm network."""
RHYTHM_METRICS = Path("metrics/rhythm.json")
RHYTHM_CURVE = Path("plots/rhythm/loss.csv")
REPORT = Path("REPORT.md")
COMPARISON = Path("plots/comparison.png")
LEARNING_CURVES = Path("plots/learning_curves")
"""Folder of the figures of the trainings."""

# Tables made by hand, with `arrhythmia study` and `arrhythmia tune`
RESULTS = Path("experiments/results")
SEEDS = RESULTS / "seeds.csv"
RHYTHM_SEEDS = RESULTS / "rhythm_seeds.csv"
BASELINES = RESULTS / "baselines.csv"
ABLATION = RESULTS / "ablation.csv"
NEIGHBOURS = RESULTS / "neighbours.csv"
ROBUSTNESS = RESULTS / "robustness.csv"


def split(protocol: str) -> Path:
    """Row numbers of train and test, and the folds of train."""
    return Path(f"data/split/{protocol}.npz")


def normalized(protocol: str, side: str) -> Path:
    """Model-ready arrays of a side, `train` or `test`; apart, so that training cannot see the test beats."""
    return Path(f"data/normalized/{protocol}/{side}.npz")


def preprocessor(protocol: str) -> Path:
    """How the model-ready arrays were made, with what was fitted on training rows."""
    return Path(f"data/normalized/{protocol}/preprocessor.npz")


def model(protocol: str, name: str, suffix: str = ".keras") -> Path:
    """A network (`.keras`, `.onnx`, `.int8.onnx`), how its inputs are made (`.json`), its card (`.md`)."""
    return Path(f"models/{protocol}/{name}{suffix}")


def held_out(protocol: str, name: str) -> Path:
    """Probabilities of the held-out training beats, fused with the rhythm network and calibrated."""
    return Path(f"data/held_out/{protocol}/{name}.npz")


def predictions(protocol: str, name: str) -> Path:
    """Probabilities of the test beats."""
    return Path(f"data/predictions/{protocol}/{name}.npz")


def training(protocol: str, name: str) -> Path:
    """Folder of the training curves, written by dvclive."""
    return Path(f"plots/{protocol}/{name}/training")


def learning_curves(protocol: str, name: str) -> Path:
    """The figure of a training."""
    return LEARNING_CURVES / f"{protocol}_{name}.png"


def figures(protocol: str, name: str) -> Path:
    """Folder of the evaluation's PNG files."""
    return Path(f"plots/{protocol}/{name}/figures")


def tables(protocol: str, name: str) -> Path:
    """Folder of the evaluation's CSV files, which DVC draws."""
    return Path(f"plots/{protocol}/{name}/tables")


def metrics(protocol: str, name: str) -> Path:
    """Scores on the test rows."""
    return Path(f"metrics/{protocol}/{name}.json")


def cross_validated(protocol: str, name: str) -> Path:
    """Scores of the network alone on held-out folds of the training rows, to choose by."""
    return Path(f"metrics/{protocol}/{name}_cv.json")


def fused(protocol: str, name: str) -> Path:
    """The same, after the fusion with the rhythm network."""
    return Path(f"metrics/{protocol}/{name}_fused_cv.json")


def tuning(name: str) -> Path:
    """What `arrhythmia tune` searches."""
    return Path(f"experiments/search/{name}.yaml")


def tuning_results(name: str) -> Path:
    """The trials of `arrhythmia tune`; its pictures lie beside it."""
    return RESULTS / f"tuning_{name}.csv"


def config(name: str) -> Path:
    """Parameters that differ from params.yaml."""
    return Path(f"experiments/configs/{name}.yaml")


def exported(protocol: str, name: str) -> Path:
    """Scores of the ONNX files beside the Keras model."""
    return Path(f"metrics/{protocol}/{name}_export.json")
