from arrhythmia.protocols import heading


def test_titles_say_synthetic():
    assert heading("inter_patient", "cnn", "synthetic") == "CNN, inter-patient, synthetic recordings"
    assert heading("intra_patient", "forest", "physionet") == "Forest, intra-patient"
