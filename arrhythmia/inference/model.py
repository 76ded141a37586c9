"""An ONNX network: the ONNX file, and the config of its inputs beside it as JSON. No TensorFlow."""

import json
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import onnxruntime

from arrhythmia.aami import CLASSES
from arrhythmia.ecg.beats import Beats
from arrhythmia.errors import DataError, one_line
from arrhythmia.features.table import beat_features
from arrhythmia.features.tokens import rhythm_tokens
from arrhythmia.inference.fusion import FITTED, fuse
from arrhythmia.inference.threads import in_threads
from arrhythmia.preprocessing.inputs import Preprocessor, model_inputs
from arrhythmia.utils.chunks import in_blocks

SEGMENT_FIELDS = {"window", "fs", "before", "after", "rr_before", "rr_after", "rr_long"}
"""What a config must say about how beats are cut."""

BATCH = 256
"""Beats computed at a time, which bounds the memory; larger batches are no faster."""


def pretrained(protocol: str) -> Path:
    """Return the folder of the networks of `protocol`: of the installed package, or else of this clone."""
    package = Path(__file__).parents[1]
    installed = package / "pretrained" / protocol
    return installed if installed.is_dir() else package.parent / "models" / protocol


@dataclass(frozen=True)
class ModelConfig:
    """What a prediction needs beside the network.

    Attributes:
        model: `cnn` or `rnn`.
        protocol: by which it was trained.
        source: of the training recordings: `physionet`, `kaggle`, or `synthetic` in a demonstration.
        classes: names of the columns of the network's answer.
        segment: how beats are cut: the group `segment` of params.yaml.
        preprocessor: how the inputs are scaled.
        fusion: weight of the rhythm network, and temperature of both together.
    """

    model: str
    protocol: str
    source: str
    classes: tuple[str, ...]
    segment: dict[str, Any]
    preprocessor: Preprocessor
    fusion: dict[str, float]

    def to_json(self) -> str:
        """Return the config as text; equal ones give equal text."""
        plain = {name: x.tolist() for name, x in self.preprocessor.to_arrays().items()}
        fields = {"model": self.model, "protocol": self.protocol, "source": self.source}
        made = fields | {"classes": list(self.classes), "segment": self.segment, "inputs": plain}
        return json.dumps(made | {"fusion": self.fusion}, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        made = json.loads(text)
        preprocessor = Preprocessor.from_arrays(
            {name: np.asarray(x) for name, x in made.pop("inputs").items()}
        )
        return cls(**made | {"classes": tuple(made["classes"]), "preprocessor": preprocessor})


@dataclass(frozen=True)
class OnnxNetwork:
    """A network that is ready to classify, with the rhythm network that is fused with it, if one is."""

    config: ModelConfig
    session: onnxruntime.InferenceSession
    rhythm: onnxruntime.InferenceSession | None

    def probability(self, beats: Beats, *, threads: int = 1) -> np.ndarray:
        """Return the calibrated probabilities of `aami.CLASSES`, `(n, 5)` float32, of a whole record.

        Args:
            beats: the record.
            threads: as for `infer`.
        """
        columns = [self.config.classes.index(name) for name in CLASSES]
        features = beat_features(beats)
        inputs = model_inputs(beats, features, self.config.preprocessor)
        alone = infer(self.session, inputs, threads=threads)[:, columns]
        del inputs  # of a day 100 MB
        if self.rhythm is None:
            rhythm = alone  # has no weight: `fuse` applies the temperature
        else:
            tokens = rhythm_tokens(beats, features)
            rhythm = self.rhythm.run(None, {"tokens": tokens[None]})[0][0]
        return in_blocks(partial(fuse, **self.config.fusion), alone, rhythm).astype(np.float32)


def load_network(network: Path, config: Path) -> OnnxNetwork:
    """Load an ONNX network, and `rhythm.onnx` of the folder above where it is to be fused with it.

    Args:
        network: the `.onnx` file.
        config: the `.json` file beside it.

    Raises:
        DataError: a file is missing, damaged or of another version of this project, or the network takes
            windows that prediction cannot cut.
    """
    for path in (network, config):
        _check_there(path)
    try:
        known = ModelConfig.from_json(config.read_text(encoding="utf-8"))
        of_now = set(known.segment) == SEGMENT_FIELDS and set(known.fusion) == set(FITTED)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{config}: damaged ({error}); run `git checkout -- {config}`") from error
    if sorted(known.classes) != sorted(CLASSES):
        raise DataError(f"{config}: its classes are {' '.join(known.classes)}; use {' '.join(CLASSES)}")
    if not of_now:
        raise DataError(f"{config}: of another version of this project; run `dvc repro export`")
    if known.segment["window"] != "centred":
        window = known.segment["window"]
        raise DataError(f"{config}: made for segment.window={window}; prediction needs 'centred'")
    loaded = OnnxNetwork(known, session(network), None)
    if not known.fusion["weight"]:
        return loaded
    rhythm = network.parent.parent / "rhythm.onnx"
    _check_there(rhythm)
    return replace(loaded, rhythm=session(rhythm))


def _check_there(path: Path) -> None:
    if not path.is_file():
        raise DataError(f"{path}: missing; restore it with `git checkout -- {path}`, or run `dvc repro`")


def session(network: Path | bytes) -> onnxruntime.InferenceSession:
    """Load an ONNX network to be computed on one thread, so that the answers are the same every time.

    Only basic optimisations: the extended ones round the inputs of layers with int8 weights to int8 as well,
    by kernels that differ between processors.

    Args:
        network: the file, or its bytes.

    Raises:
        DataError: it is no ONNX network.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    model = network if isinstance(network, bytes) else str(network)
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions have no common base
        name = "network" if isinstance(network, bytes) else network
        raise DataError(f"{name}: cannot be read as ONNX ({one_line(error)}); restore it with git") from error


def infer(
    session: onnxruntime.InferenceSession, inputs: dict[str, np.ndarray], *, threads: int = 1
) -> np.ndarray:
    """Return the answers of a network, `(n, 5)` float32.

    Args:
        session: from `session`.
        inputs: `(n, …)` float32 by name; those that the network does not take are passed over.
        threads: batches to compute at a time; their number changes no answer, since each has one thread.
    """
    taken = {x.name: inputs[x.name] for x in session.get_inputs()}
    n = len(next(iter(taken.values())))

    def answer(first: int) -> np.ndarray:
        batch = {name: values[first : first + BATCH] for name, values in taken.items()}
        return session.run(None, batch)[0]

    parts = list(in_threads(answer, range(0, n, BATCH), threads=threads))
    return np.concatenate(parts) if parts else np.empty((0, 5), np.float32)
