"""Hash what a part of the pipeline gives, by name: `python -m tests.same_bytes.hashes PART...`.

With `--write` the hashes become those that the tests compare with, tests/same_bytes/sha256.json: after a
change that is meant to change them, on any supported processor.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np

from arrhythmia.training import runtime
from tests.same_bytes import first_steps, numpy_operations, tensorflow_operations

COMMITTED = Path(__file__).with_name("sha256.json")
NETWORKS = [
    f"{protocol} {name}" for protocol in ("intra_patient", "inter_patient") for name in ("cnn", "rnn")
]
PARTS = ["numpy", "tensorflow", *NETWORKS]


def hashes(part):
    """Return the first 16 hex digits of the SHA-256 of each result of a part, by name."""
    if part == "numpy":
        results = numpy_operations.results()
    else:
        runtime.prepare(threads=1, seed=0)
        import keras

        keras.utils.clear_session()  # layers are numbered from the start, whatever ran before
        in_tensorflow = part == "tensorflow"
        results = tensorflow_operations.results() if in_tensorflow else first_steps.results(*part.split())
    return {name: _hash(np.ascontiguousarray(value)) for name, value in results.items()}


def _hash(array):
    return hashlib.sha256(str((array.shape, array.dtype.str)).encode() + array.tobytes()).hexdigest()[:16]


if __name__ == "__main__":
    words = sys.argv[1:]
    found = {part: hashes(part) for part in [word for word in words if word != "--write"] or PARTS}
    text = json.dumps(found, indent=1) + "\n"
    COMMITTED.write_text(text) if "--write" in words else print(text)
