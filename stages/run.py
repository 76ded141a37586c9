"""What every stage script needs around its `main()`: parameters, and one-line errors."""

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from arrhythmia.errors import DataError


def load_params(path: str | Path = "params.yaml") -> dict[str, Any]:
    """Read `params.yaml` by YAML 1.2 rules, as DVC does (PyYAML would read `1e-3` as a string)."""
    return YAML(typ="safe").load(Path(path))


def run(main: Callable[..., None]) -> None:
    """Call `main` with the command line's arguments; an error or Ctrl-C ends in one line and exit code 1."""
    signature = inspect.signature(main)
    try:
        signature.bind(*sys.argv[1:])
    except TypeError:
        script = Path(sys.argv[0]).stem
        sys.exit(" ".join(["usage: python -m", f"stages.{script}", *map(str.upper, signature.parameters)]))
    try:
        main(*sys.argv[1:])
    except DataError as error:
        sys.exit(f"error: {error}")
    except FileNotFoundError as error:
        sys.exit(f"error: {error.filename}: missing; run `dvc repro`")
    except KeyboardInterrupt:
        sys.exit("interrupted")
