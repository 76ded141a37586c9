"""Where each stage reads and writes. `dvc.yaml` mirrors these names."""

from pathlib import Path

RAW = Path("data/raw")
BEATS = Path("data/beats.npz")
REPORT = Path("REPORT.md")
COMPARISON = Path("plots/comparison.png")
# Tables made by hand: scripts.seeds, scripts.baselines, scripts.ablation and scripts.neighbours
RESULTS = Path("results")
SEEDS = RESULTS / "seeds.csv"
BASELINES = RESULTS / "baselines.csv"
ABLATION = RESULTS / "ablation.csv"
NEIGHBOURS = RESULTS / "neighbours.csv"


def split(protocol: str) -> Path:
    """Row numbers of train and test, and the folds of train."""
    return Path(f"data/split/{protocol}.npz")


def normalized(protocol: str, side: str) -> Path:
    """Model-ready arrays of a side, `train` or `test`; apart, so that training cannot see the test beats."""
    return Path(f"data/normalized/{protocol}/{side}.npz")


def input_rules(protocol: str) -> Path:
    """How the model-ready arrays were made, with what was fitted on training rows."""
    return Path(f"data/normalized/{protocol}/rules.npz")


def model(protocol: str, name: str) -> Path:
    """The trained Keras model."""
    return Path(f"models/{protocol}/{name}.keras")


def training(protocol: str, name: str) -> Path:
    """Folder of the training curves, written by dvclive."""
    return Path(f"plots/{protocol}/{name}/training")


def pictures(protocol: str, name: str) -> Path:
    """Folder of the evaluation's PNG files."""
    return Path(f"plots/{protocol}/{name}/pictures")


def tables(protocol: str, name: str) -> Path:
    """Folder of the evaluation's CSV files, which DVC draws."""
    return Path(f"plots/{protocol}/{name}/tables")


def metrics(protocol: str, name: str) -> Path:
    """Scores on the test rows."""
    return Path(f"metrics/{protocol}/{name}.json")


def cross_validated(protocol: str, name: str) -> Path:
    """Scores on held-out folds of the training rows, to choose by."""
    return Path(f"metrics/{protocol}/{name}_cv.json")


def tuning(name: str) -> Path:
    """What `stages.tune` searches."""
    return Path(f"tuning/{name}.yaml")


def tuning_results(name: str) -> Path:
    """The trials of `stages.tune`; its pictures lie beside it."""
    return RESULTS / f"tuning_{name}.csv"


def overlay(name: str) -> Path:
    """Parameters that differ from params.yaml."""
    return Path(f"overlays/{name}.yaml")


def exported(protocol: str, name: str) -> Path:
    """Scores of the released files beside the Keras model."""
    return Path(f"metrics/{protocol}/{name}_export.json")


def released(protocol: str, name: str, suffix: str) -> Path:
    """A released file: network (`.onnx`, `.int8.onnx`), recipe (`.json`) or model card (`.md`)."""
    return Path(f"released/{protocol}/{name}{suffix}")
