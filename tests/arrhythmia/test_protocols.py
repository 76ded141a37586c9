from arrhythmia.protocols import heading, of_protocol


def test_titles_say_synthetic():
    assert heading("inter_patient", "cnn", "synthetic") == "CNN, inter-patient, synthetic recordings"
    assert heading("intra_patient", "forest", "physionet") == "Forest, intra-patient"


def test_of_protocol():
    settings = {"lr": 0.1, "epochs": {"intra_patient": 3, "inter_patient": 2}}
    assert of_protocol(settings, "inter_patient") == {"lr": 0.1, "epochs": 2}
