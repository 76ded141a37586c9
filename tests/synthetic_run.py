"""One run of the whole pipeline on short synthetic recordings, as the demo makes it, for whatever needs one.

It takes a minute; several processes of pytest share it. Networks are tiny: the default ones go from
recordings to ONNX files in tests/same_bytes.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from arrhythmia.protocols import PROTOCOLS
from tests.params import write_params

ROOT = Path(__file__).parents[1]
OUTPUTS = {"data", "demo"}
"""Folders at the top that no archive of the project holds; there are others of these names below."""

RESULTS = ("dvc.lock", "metrics", "models", "plots")
"""What a run leaves in git beside its report, which names the protocols of the run."""

UNTRACKED = shutil.ignore_patterns(".git", ".venv", "cache", "tmp", "__pycache__", ".*_cache", ".hypothesis")
SMALL = {
    "protocols": ["inter_patient"],
    "synthetic": {"seconds": 60},
    "split": {"folds": 2},
    "train": {
        "epochs": {"intra_patient": 1, "inter_patient": 1},
        "ensemble_size": {"intra_patient": 2, "inter_patient": 2},
    },
    "cnn": {"filters": 4, "blocks": 1, "dense": 4},
    "rnn": {"units": 4, "stem": 0, "embedding": 4, "patch": 8, "dense": 4},
    "rhythm": {
        **{"patients": 1, "validation_patients": 1, "beats": 300, "filters": 4, "dilations": [1, 2]},
        **{"steps": 4, "batch_size": 2, "sequence": 100},
    },
    "forest": {"trees": 4},
    "evaluate": {"replicates": 200},
}
"""What notebooks/hosted.ipynb sets for synthetic recordings has the values it has there. One protocol,
because each stage starts Python, and most TensorFlow; tests of the stages and of leaks know the others."""


def not_in_an_archive(folder, names):
    """Return which of the names in a folder are left out of an archive, as `shutil.copytree` asks it."""
    return UNTRACKED(folder, names) | (OUTPUTS if Path(folder) == ROOT else set())


def environment(home):
    """Return a bare environment: this interpreter's programs, a home without a git configuration."""
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CEILING_DIRECTORIES": str(home),
        "PYTHONUNBUFFERED": "1",
    }


def checked(*words, cwd, env):
    """Run a program that must succeed; return what it prints."""
    done = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files_of(folder):
    """Return the SHA-256 of each file, by its path, but for what the demo leaves."""
    files = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {
        str(name): hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in files.items()
        if name.parts[0] != "demo" and "__pycache__" not in name.parts
    }


@dataclass(frozen=True)
class SyntheticRun:
    """The demo, run in the folder of a downloaded archive: no git, no name, no network.

    Attributes:
        archive: that folder; for tests/test_end_to_end.py alone, which changes what is in it.
        said: what the demo printed.
        before: `files_of` the archive before the demo.
        cache: a copy of DVC's cache after the run, which nobody changes.
        results: what the run left in git, `RESULTS`, which nobody changes.
    """

    archive: Path
    said: str
    before: dict[str, str]
    cache: Path
    results: Path

    def lend(self, project):
        """Put the results into another copy of the project: what has run with equal inputs is up to date."""
        shutil.copytree(self.cache, project / ".dvc" / "cache")
        for folder in RESULTS[1:]:
            shutil.rmtree(project / folder)
        shutil.copytree(self.results, project, dirs_exist_ok=True)


def synthetic_run(shared):
    """Return the run in the folder `shared`, made by whichever process comes first."""
    home, cache, results, done = (shared / name for name in ("home", "cache", "results", "done.json"))
    archive = home / "archive"
    with FileLock(shared / "lock"):
        if not done.exists():
            for left_by_a_failure in (home, cache, results):
                shutil.rmtree(left_by_a_failure, ignore_errors=True)
            shutil.copytree(ROOT, archive, ignore=not_in_an_archive)
            write_params(archive / "params.yaml", **SMALL)
            for protocol in PROTOCOLS.keys() - SMALL["protocols"]:
                shutil.rmtree(archive / "metrics" / protocol)  # of the real recordings
            (archive / "dvc.lock").unlink()  # of them too: DVC takes two seconds a stage to read and write it
            before = files_of(archive)
            said = checked(sys.executable, "-m", "arrhythmia", "demo", cwd=archive, env=environment(home))
            copy = archive / "demo" / ".copy"
            shutil.copytree(copy / ".dvc" / "cache", cache)
            experiment = checked(
                "git", "for-each-ref", "--format=%(objectname)", "refs/exps/**/demo", cwd=copy, env=None
            )
            results.mkdir()
            packed = shared / "results.tar"
            checked("git", "archive", f"--output={packed}", experiment.strip(), *RESULTS, cwd=copy, env=None)
            shutil.unpack_archive(packed, results, filter="data")
            done.write_text(json.dumps({"said": said, "before": before}))
    return SyntheticRun(archive, cache=cache, results=results, **json.loads(done.read_text()))
