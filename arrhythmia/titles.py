"""What protocols, models and scores are called in tables and figures."""

MODEL_TITLES = {"cnn": "CNN", "rnn": "RNN", "forest": "Forest"}
"""By the model's name, in the order of the report."""

SCORE_TITLES = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "macro_f1_nsv": "macro-F1 of N S V",
    "f1_S": "F1 of S",
    "f1_V": "F1 of V",
    "j_kappa": "jκ",
    "ece": "ECE",
    "log_loss": "log loss",
}
"""By the key in metrics files and result tables."""


def protocol_name(protocol: str) -> str:
    """Return `inter-patient` for `inter_patient`."""
    return protocol.replace("_", "-")


def figure_title(protocol: str, model: str, source: str) -> str:
    """Return the title of a model's figures, which says so where the recordings are synthetic."""
    suffix = ", synthetic recordings" if source == "synthetic" else ""
    return f"{MODEL_TITLES[model]}, {protocol_name(protocol)}{suffix}"
