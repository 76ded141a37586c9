"""Results have the committed bytes on this machine's processor, and on emulated ones."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from arrhythmia.determinism import unsupported
from tests.same_bytes.hashes import COMMITTED, PARTS, SHORT, differing, machine

ROOT = Path(__file__).parents[2]
QEMU = shutil.which("qemu-x86_64")
OLDEST_QEMU = (7, 2)
"""Earlier ones do not emulate AVX2."""
EMULATED = "Haswell,vendor=AuthenticAMD"
"""Unlike any real one: `rsqrtps` and `rcpps` are exact, which each make approximates in its own way, and the
first-level cache has 64 KiB, QEMU's for AMD, where today's have 32 or 48."""

SENSITIVE = ("numpy", SHORT)
"""Parts to emulate, which takes fifty times as long."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(unsupported()), reason=f"other bytes are known here: {unsupported()}"),
]


def qemu_is_new():
    said = subprocess.run([QEMU, "--version"], capture_output=True, text=True).stdout if QEMU else ""
    found = re.search(r"version (\d+)\.(\d+)", said)
    return found is not None and tuple(map(int, found.groups())) >= OLDEST_QEMU


def hashed(parts, *, on=()):
    """Hash `parts` in a process of its own; nothing in it starts another, which QEMU would not emulate."""
    words = [*on, sys.executable, "-m", "tests.same_bytes.hashes", "--json", "--parts", *parts]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def native():
    return hashed(PARTS)


@pytest.mark.parametrize("part", PARTS)
def test_this_processor_gives_the_committed_bytes(native, part):
    assert differing({part: native[part]}) == [], machine()


@pytest.fixture(scope="module")
def emulated():
    """Both parts in one process: on an emulated processor, half a minute goes by until it has begun."""
    return hashed(SENSITIVE, on=[QEMU, "-cpu", EMULATED])


@pytest.mark.emulated
@pytest.mark.skipif(not qemu_is_new(), reason="needs qemu-x86_64 (Debian: qemu-user) from 7.2")
@pytest.mark.parametrize("part", SENSITIVE)
def test_an_emulated_processor_gives_the_committed_bytes(emulated, part):
    assert differing({part: emulated[part]}) == [], f"emulated {EMULATED} on {machine()}"


def test_a_result_that_differs_is_named():
    committed = json.loads(COMMITTED.read_text())["numpy"]
    found = {"numpy": committed | {"exp float32": "0" * 16}}
    assert differing(found) == ["numpy: exp float32"]
    assert differing({"numpy": {}}) != []
