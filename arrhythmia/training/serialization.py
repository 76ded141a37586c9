"""Saving a Keras model so that equal models are equal files, and loading it."""

import json
import zipfile
from pathlib import Path
from typing import Any

import keras

from arrhythmia.errors import DataError, one_line
from arrhythmia.utils.files import replacing

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip entry can carry."""


def save_model(model: keras.Model, path: str | Path) -> None:
    """Save `model` as a canonical `.keras` archive: same architecture and weights, same bytes.

    Args:
        model: the model to save.
        path: ends in `.keras`; written whole or not at all.
    """
    with replacing(path) as temporary:
        model.save(temporary)
        canonicalize(temporary)


def load_model(path: str | Path) -> keras.Model:
    """Load a model to predict with; no code in the file is run.

    Raises:
        DataError: there is no such file, or it is no model.
    """
    if not Path(path).exists():
        raise DataError(f"{path}: missing; run `dvc repro`")
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: cannot be read as a Keras model ({one_line(error)})") from error


def canonicalize(path: str | Path) -> None:
    """Rewrite a `.keras` archive without what varies between runs.

    Keras stores the date of saving, and memory addresses as `shared_object_id`; zip stores file times.

    Args:
        path: the archive, rewritten in place.
    """
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    metadata = json.loads(members["metadata.json"])
    metadata.pop("date_saved", None)
    members["metadata.json"] = _encode(metadata)
    members["config.json"] = _encode(renumber(json.loads(members["config.json"]), {}))
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(members):
            # half the size; bzip2 because deflate gives other bytes with other builds of zlib
            archive.writestr(zipfile.ZipInfo(name, EPOCH), members[name], zipfile.ZIP_BZIP2)


def renumber(node: Any, ids: dict[int, int]) -> Any:
    """Replace each `shared_object_id` by the order in which it first occurs; equal ids stay equal.

    Args:
        node: a parsed JSON value.
        ids: the numbers given so far, extended in place.
    """
    if isinstance(node, list):
        return [renumber(item, ids) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: ids.setdefault(value, len(ids)) if key == "shared_object_id" else renumber(value, ids)
        for key, value in node.items()
    }


def _encode(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True).encode()
