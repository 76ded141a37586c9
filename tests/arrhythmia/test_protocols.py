from arrhythmia.protocols import of_protocol


def test_of_protocol():
    settings = {"lr": 0.1, "epochs": {"intra_patient": 3, "inter_patient": 2}}
    assert of_protocol(settings, "inter_patient") == {"lr": 0.1, "epochs": 2}
