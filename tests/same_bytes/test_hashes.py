"""Results have the committed bytes on this machine's processor, and on emulated ones."""

import json
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from arrhythmia.determinism import processor, unsupported
from tests.same_bytes.hashes import COMMITTED, PARTS

ROOT = Path(__file__).parents[2]
LIBRARIES = ("numpy", "scipy", "tensorflow", "keras")
QEMU = shutil.which("qemu-x86_64")
EMULATED = "Haswell,vendor=AuthenticAMD"
"""Unlike any real processor: `rsqrtps` and `rcpps` are exact, which each make approximates in its own way,
and the first-level cache has 64 KiB, QEMU's for AMD, where today's have 32 or 48."""

SENSITIVE = ("numpy", "intra_patient rnn")
"""Parts to emulate, which takes twenty times as long: batch normalisation, GRU and convolution are in the
second."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(unsupported()), reason=f"other bytes are known here: {unsupported()}"),
]


def hashes(parts, *, on=()):
    """Hash `parts` in a process of its own; nothing in it starts another, which QEMU would not emulate."""
    words = [*on, sys.executable, "-m", "tests.same_bytes.hashes", *parts]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def differing(found):
    committed = json.loads(COMMITTED.read_text())
    assert {part: list(names) for part, names in found.items()} == {
        part: list(committed[part]) for part in found
    }
    return [
        f"{part}: {name}"
        for part, names in found.items()
        for name, value in names.items()
        if committed[part][name] != value
    ]


def on_machine(processor):
    return f"other bytes than committed on {processor}; {', '.join(f'{x} {version(x)}' for x in LIBRARIES)}"


@pytest.fixture(scope="module")
def native():
    return hashes(PARTS)


@pytest.mark.parametrize("part", PARTS)
def test_this_processor_gives_the_committed_bytes(native, part):
    assert differing({part: native[part]}) == [], on_machine(processor())


@pytest.mark.skipif(QEMU is None, reason="qemu-x86_64 (Debian: qemu-user) is not installed")
@pytest.mark.parametrize("part", SENSITIVE)
def test_an_emulated_processor_gives_the_committed_bytes(part):
    found = hashes([part], on=[QEMU, "-cpu", EMULATED])
    assert differing(found) == [], on_machine(f"an emulated {EMULATED}")
