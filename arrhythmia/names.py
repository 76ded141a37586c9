"""What models and protocols are called where people read."""

MODELS = {"cnn": "CNN", "rnn": "RNN", "forest": "Forest"}
"""The models of the pipeline, in the order of the report."""


def protocol_name(protocol: str) -> str:
    """Return `inter-patient` for `inter_patient`."""
    return protocol.replace("_", "-")


def heading(protocol: str, model: str, source: str) -> str:
    """Return the title of a model's figures, which says so where the recordings are synthetic."""
    suffix = ", synthetic recordings" if source == "synthetic" else ""
    return f"{MODELS[model]}, {protocol_name(protocol)}{suffix}"
