"""Metrics of made-up models, and how their beats are cut, for the tests of report, model card and config."""

import numpy as np
import pandas as pd

from arrhythmia.evaluation.scorecard import scorecard
from arrhythmia.protocols import MODELS, PROTOCOLS
from arrhythmia.report.run_tables import headline_scores

BOTH = ["intra_patient", "inter_patient"]
SEGMENT = {
    "window": "centred",
    "fs": 125,
    "before": 0.3,
    "after": 0.5,
    "rr_before": 41,
    "rr_after": 40,
    "rr_long": 600,
}

FUSION = {"weight": 0.5, "temperature": 1.1}

CV = {"f1_S": 0.7, "f1_V": 0.8, "macro_f1_nsv": 0.8}
"""Cross-validated scores of one model."""


def card(protocol, *, hits, source="physionet", records=("100", "202", "232")):
    """Scores of a model that is right on the share `hits` of 300 beats."""
    rng = np.random.default_rng(0)
    label = np.tile([0, 0, 0, 0, 0, 0, 1, 2, 3, 4], 30)
    right = rng.random(300) < hits
    guess = np.where(right, label, (label + 1) % 5)
    probability = np.full((300, 5), 0.05)
    probability[np.arange(300), guess] = 0.8
    return scorecard(
        label,
        probability,
        np.repeat(records, 300 // len(records)),
        protocol=PROTOCOLS[protocol],
        source=source,
        parameters=12345,
        seed=0,
        replicates=20,
    )


def make_cards(protocols=BOTH, **settings):
    hits = {"intra_patient": 0.95, "inter_patient": 0.7, "all_patients": 0.75}
    return {
        (protocol, model): card(protocol, hits=hits[protocol], **settings)
        for protocol in protocols
        for model in MODELS
    }


def baselines_of(cards, **changes):
    """Rows of the models of `cards`."""
    return pd.DataFrame(
        {"name": model, "protocol": protocol} | headline_scores(values) | changes
        for (protocol, model), values in cards.items()
    )
