from arrhythmia.protocols import MODELS
from arrhythmia.titles import MODEL_TITLES, figure_title


def test_titles_say_synthetic():
    assert figure_title("inter_patient", "cnn", "synthetic") == "CNN, inter-patient, synthetic recordings"
    assert figure_title("intra_patient", "forest", "physionet") == "Forest, intra-patient"


def test_the_models_have_titles_in_their_order():
    assert tuple(MODEL_TITLES) == MODELS
