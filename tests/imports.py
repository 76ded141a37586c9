"""Which project modules a stage script really runs, read from its source."""

import ast
from pathlib import Path

PACKAGES = ("arrhythmia", "stages")

PLUMBING = {
    "arrhythmia/__init__.py",
    "arrhythmia/errors.py",
    "stages/__init__.py",
    "stages/paths.py",
    "stages/run.py",
}
"""Modules that cannot change a byte of an output that dvc.yaml does not show itself: texts of errors,
names of files (which dvc.yaml repeats), and the reading of params.yaml (which DVC compares by value)."""


def imported_modules(script: str) -> set[str]:
    """Return the paths of all project modules that `script` imports, directly or not, and its own."""
    found: set[str] = set()
    waiting = [script]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _direct_imports(path)
    return found


def _direct_imports(path: str) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(Path(path).read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    candidates = [name.replace(".", "/") + ".py" for name in names if name.split(".")[0] in PACKAGES]
    return [candidate for candidate in candidates if Path(candidate).is_file()]
