"""Compare what each part of the pipeline gives with the committed hashes; what differs first is the cause.

python -m tests.same_bytes.hashes                       # half a minute
python -m tests.same_bytes.hashes --parts numpy "inter_patient rnn"
python -m tests.same_bytes.hashes --write               # after a change that is meant to change them

Parts are operations of NumPy and of TensorFlow at our shapes, and the first steps of each default network,
of the rhythm network from simulated patients on.
Exit code 0: all are the same. 1: some differ.
"""

import argparse
import hashlib
import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

from arrhythmia.command_line import errors_in_one_line
from arrhythmia.determinism import processor
from arrhythmia.training import runtime
from tests.same_bytes import first_steps, numpy_operations, tensorflow_operations

COMMITTED = Path(__file__).with_name("sha256.json")
NETWORKS = [
    f"{protocol} {name}" for protocol in ("intra_patient", "inter_patient") for name in ("cnn", "rnn")
]
LIBRARIES = ("numpy", "scipy", "tensorflow", "keras")
SHORT = "short rnn"
"""The RNN with a stem, one step on a few beats: batch normalisation, GRU, convolution, ONNX Runtime. For
emulated processors, on which an epoch takes minutes."""

PARTS = ["numpy", "tensorflow", *NETWORKS, "rhythm", SHORT]


def hashes(part):
    """Return the first 16 hex digits of the SHA-256 of each result of a part, by name."""
    if part == "numpy":
        results = numpy_operations.results()
    else:
        runtime.prepare(threads=1, seed=0)
        import keras

        keras.utils.clear_session()  # layers are numbered from the start, whatever ran before
        if part == "tensorflow":
            results = tensorflow_operations.results()
        elif part == "rhythm":
            results = first_steps.rhythm_results()
        elif part == SHORT:
            beats, fold = first_steps.random_beats(32)
            results = first_steps.results("intra_patient", "rnn", beats, fold, batch_size=16, epochs=0)
        else:
            protocol, name = part.split()
            results = first_steps.results(protocol, name, *first_steps.training_beats(protocol))
    return {name: _hash(np.ascontiguousarray(value)) for name, value in results.items()}


def _hash(array):
    return hashlib.sha256(str((array.shape, array.dtype.str)).encode() + array.tobytes()).hexdigest()[:16]


def differing(found):
    """Return which of the hashes found, by part and name, are not the committed ones."""
    committed = json.loads(COMMITTED.read_text())
    return [
        f"{part}: {name}"
        for part, names in found.items()
        for name in dict.fromkeys([*names, *committed[part]])
        if names.get(name) != committed[part].get(name)
    ]


def machine():
    """Return processor and versions, to stand beside hashes."""
    return ", ".join([processor(), *(f"{name} {version(name)}" for name in LIBRARIES)])


def main(argv):
    """Hash, and compare, print or write."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.same_bytes.hashes",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="default: all")
    parser.add_argument("--json", action="store_true", help="print the hashes instead")
    parser.add_argument("--write", action="store_true", help=f"write {COMMITTED.name} instead")
    words = parser.parse_args(argv)
    found = {part: hashes(part) for part in words.parts}
    text = json.dumps(found, indent=1) + "\n"
    if words.write:
        committed = json.loads(COMMITTED.read_text()) if COMMITTED.exists() else {}
        COMMITTED.write_text(json.dumps(committed | found, indent=1) + "\n")
    elif words.json:
        print(text)
    else:
        count, wrong = sum(map(len, found.values())), differing(found)
        print(
            *wrong,
            f"{count - len(wrong)} of {count} results have the committed bytes ({machine()})",
            sep="\n",
        )
        if wrong:
            sys.exit(1)


if __name__ == "__main__":
    with errors_in_one_line():
        main(sys.argv[1:])
