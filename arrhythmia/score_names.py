"""What the scores are called in tables; their keys are those of metrics files and result tables."""

SCORES = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "macro_f1_nsv": "macro-F1 of N S V",
    "f1_S": "F1 of S",
    "f1_V": "F1 of V",
    "j_kappa": "jκ",
    "ece": "ECE",
    "log_loss": "log loss",
}
