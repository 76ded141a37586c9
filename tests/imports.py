"""Which project modules a script really runs, and which packages import which, read from their source."""

import ast
from pathlib import Path

PACKAGES = ("arrhythmia", "stages")

PLUMBING = {
    *(f"arrhythmia/{name}.py" for name in ("command_line", "errors", "params", "paths")),
    "arrhythmia/utils/progress.py",
    "stages/run.py",
}
"""Modules that cannot change a byte of an output that dvc.yaml does not show itself: arguments, texts of
errors, names of files (which dvc.yaml repeats), the reading and checking of params.yaml, which changes no
value of it (DVC compares them), and lines of how far something is. What they import themselves does not count
either."""


def imported_modules(script: str) -> set[str]:
    """Return the paths of all project modules that `script` imports, directly or not, and its own.

    Left out are `PLUMBING` and `__init__.py`; what the latter imports counts.
    """
    found: set[str] = set()
    waiting = [script]
    while waiting:
        path = waiting.pop()
        if path not in found | PLUMBING:
            found.add(path)
            waiting += [*direct_imports(path), *_packages_of(path)]
    return {path for path in found if not path.endswith("/__init__.py")}


def direct_imports(path: str) -> list[str]:
    """Return the paths of the project modules that the one at `path` imports itself."""
    names = []
    for node in ast.walk(ast.parse(Path(path).read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    candidates = [name.replace(".", "/") + ".py" for name in names if name.split(".")[0] in PACKAGES]
    return [candidate for candidate in candidates if Path(candidate).is_file()]


def _packages_of(path: str) -> list[str]:
    return [(folder / "__init__.py").as_posix() for folder in Path(path).parents if folder.name]
