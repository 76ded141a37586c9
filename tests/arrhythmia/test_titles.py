from arrhythmia.titles import figure_title


def test_titles_say_synthetic():
    assert figure_title("inter_patient", "cnn", "synthetic") == "CNN, inter-patient, synthetic recordings"
    assert figure_title("intra_patient", "forest", "physionet") == "Forest, intra-patient"
