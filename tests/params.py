"""The committed parameters with some of them changed, for tests that run a stage in a folder of their own."""

from pathlib import Path

import yaml

from arrhythmia.params import read_yaml

COMMITTED = Path(__file__).parents[1] / "params.yaml"

KAGGLE = {
    "protocols": ["intra_patient"],
    "segment": {"window": "kaggle"},
    "normalize": {"method": "standard", "template_channel": False, "features": []},
}
"""What `download.source=kaggle` needs beside it."""


def write_params(path="params.yaml", **groups):
    """Write a params.yaml in which these parameters of a group are changed."""
    Path(path).write_text(yaml.safe_dump(params(**groups), sort_keys=False))


def params(**groups):
    """Return the committed tree in which these parameters of a group are changed."""
    tree = read_yaml(COMMITTED)
    for group, settings in groups.items():
        tree[group] = {**tree[group], **settings} if isinstance(settings, dict) else settings
    return tree
