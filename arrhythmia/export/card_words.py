"""What a model card says of training data, inputs and limits: each depends on source, window and protocol."""

from arrhythmia.aami import DS1, DS2, PACED, SYNTHETIC_DS1, SYNTHETIC_DS2, SYNTHETIC_PACED
from arrhythmia.features.morphology import FEATURES as SHAPE
from arrhythmia.features.rhythm import FEATURES as RHYTHM
from arrhythmia.inference.model import ModelConfig

DATA = {
    "physionet": (
        "MIT-BIH Arrhythmia Database (48 recordings of half an hour from 47 patients, 1975 to 1979, one "
        "hospital, 360 Hz)."
    ),
    "kaggle": (
        "The files `mitbih_train.csv` and `mitbih_test.csv`, made from the MIT-BIH Arrhythmia Database (48 "
        "recordings of half an hour from 47 patients, 360 Hz). They tell neither patients nor intervals "
        "between beats: the training rows count as one recording, and their features of rhythm and "
        "shape are unknown."
    ),
    "synthetic": (
        "**Synthetic recordings, made by this project to try the software. Do not use it on real ECGs.**"
    ),
}

LEADS = {
    ("centred", "inter_patient"): "Lead MLII.",
    ("centred", "intra_patient"): "Lead MLII, in 102 and 104 V5.",
    ("kaggle", "inter_patient"): "The first channel: MLII, in 114 V5.",
    ("kaggle", "intra_patient"): "The first channel: MLII, in 102, 104 and 114 V5.",
}
"""Of the database's recordings, by window and protocol."""

SIDES = {
    "inter_patient": (
        f"The recordings {' '.join(DS1)} (DS1 of de Chazal 2004), scored on {' '.join(DS2)} (DS2). The paced "
        f"records {' '.join(PACED)} are left out. 201 (training) and 202 (test) are one patient."
    ),
    "intra_patient": (
        "The beats of the Kaggle training file, scored on those of the Kaggle test file; all 48 recordings "
        "are in both. **The same patients are in training and test, so the figures below do not hold for a "
        "new patient; this model is for comparison only.**"
    ),
}
SYNTHETIC_SIDES = {
    "inter_patient": (
        f"The recordings {' '.join(SYNTHETIC_DS1)}, scored on {' '.join(SYNTHETIC_DS2)}. The paced ones, "
        f"{' '.join(SYNTHETIC_PACED)}, are left out."
    ),
    "intra_patient": (
        "Beats drawn by chance from all recordings, scored on the other beats of the same recordings."
    ),
}

NOT_FOR = "Not for diagnosis, not for monitoring, not for any decision about a patient."
USE = {
    "inter_patient": (
        f"For research and teaching: sorting the beats of recordings that a person will look at. {NOT_FOR}"
    ),
    "intra_patient": (
        f"For research and teaching: comparison with what was published on the Kaggle files. {NOT_FOR}"
    ),
}
LIMITS = [
    "S beats are found and confirmed poorly in patients not seen in training; atrial fibrillation makes them "
    "undecidable by timing.",
    "One lead, near MLII. Other leads, children, and other recorders were hardly tested.",
    "Half an hour each of few patients: some groups of patients are missing.",
]
PROTOCOL_LIMITS = {
    "inter_patient": [
        "F and Q are too rare in training to be relied on; paced recordings are outside its scope.",
        "The test recordings are few, too: intervals are wide.",
    ],
    "intra_patient": [
        "F is rare. Nearly all Q beats are of the four paced recordings: the score of Q tells how well these "
        "are recognised.",
    ],
}
WINDOW_LIMITS = {
    "centred": [],
    "kaggle": [
        "The window holds the next beat, but neither the P wave before its own beat nor amplitudes.",
        "`arrhythmia predict` does not cut this window, so it refuses this network.",
    ],
}

KAGGLE_WINDOW = (
    "from the R peak to a fifth of an interval past the next annotation, every third sample at 360 Hz, taken "
    "to 0..1 by its own extremes, cut or padded with zeros to 187 values"
)


def input_words(config: ModelConfig) -> str:
    """Say what the network is given of a recording."""
    cut, preprocessor = config.segment, config.preprocessor
    if cut["window"] == "kaggle":
        window = KAGGLE_WINDOW
    else:
        window = f"{cut['before']:g} s before to {cut['after']:g} s after the R peak at {cut['fs']:g} Hz"
    usual = (
        "; beside it the beat minus the template beat of its recording"
        if preprocessor.template_channel
        else ""
    )
    features = ", ".join(preprocessor.features) or "none"
    scaled = f"scaled by `{preprocessor.method}`{usual}"
    return f"Input: {window}; {scaled}; features of rhythm and shape: {features}."


def sight_words(config: ModelConfig) -> str:
    """Say whether the network needs what comes after the beat; of the rhythm only `onset` does not."""
    preprocessor, seen = config.preprocessor, []
    if (set(RHYTHM) - {"pre_rr_ratio", "pre_post_rr_ratio"}) & set(preprocessor.features):
        seen.append("later beats")
    elif config.segment["window"] == "kaggle" or "pre_post_rr_ratio" in preprocessor.features:
        seen.append("the next beat")
    if (
        preprocessor.method == "record"
        or preprocessor.template_channel
        or set(SHAPE) & set(preprocessor.features)
    ):
        seen.append("the whole recording")
    if not seen:
        return "It looks at nothing after this window."
    return f"It looks at {' and at '.join(seen)}, so it does not work on a live signal."


def training_words(config: ModelConfig) -> str:
    """Say what the network has learnt from, and what its figures were measured on."""
    if config.source == "synthetic":
        return f"{DATA['synthetic']} {SYNTHETIC_SIDES[config.protocol]}"
    lead = LEADS[config.segment["window"], config.protocol]
    return f"{DATA[config.source]} {lead} {SIDES[config.protocol]}"


def use_words(config: ModelConfig) -> list[str]:
    """Say what the network is for, and then each of its limits."""
    if config.source == "synthetic":
        return [
            "For trying the software. Not for any ECG of a person.",
            "It has seen no heartbeat of a person: its figures tell that the software runs, no more.",
            *WINDOW_LIMITS[config.segment["window"]],
        ]
    limits = [*LIMITS, *PROTOCOL_LIMITS[config.protocol], *WINDOW_LIMITS[config.segment["window"]]]
    return [USE[config.protocol], *limits]
