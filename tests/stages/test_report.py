import itertools
import json

import numpy as np
import pytest

from arrhythmia import paths
from arrhythmia.ecg.beats import save_beats
from arrhythmia.errors import DataError
from arrhythmia.protocols import MODELS, NETWORKS
from arrhythmia.training.logging import write_curves
from arrhythmia.utils.files import save_arrays, write_text
from stages import report
from tests.cards import BOTH, make_cards
from tests.params import write_params

INNER = dict.fromkeys(("accuracy", "macro_f1", "macro_f1_nsv", "f1_S", "f1_V", "j_kappa", "ece"), 0.123)
STRATUM = {"f1_S": 0.7, "f1_V": 0.8, "log_loss": 0.1}
SYMBOLS = "symbol,meaning,class,beats,recall,N,S,V,F,Q\nN,Normal beat,N,4,0.75000,3,1,0,0,0\n"
CURVES = [
    {"train/loss": 0.5, "val/loss": 0.6, "train/macro_f1": 0.7, "val/macro_f1": 0.6, "lr": lr}
    for lr in (0.1, 0.05)
]
SEEDS = (
    "protocol,model,metric,mean,sd,min,max,seeds,commit\n"
    "inter_patient,cnn,ece,0.02,0.001,0.01,0.03,0 1 2,abc1234\n"
)


@pytest.fixture
def project(tmp_path, monkeypatch, make_beats):
    """A folder with all that the report is made of; returns what makes it say `physionet`."""
    monkeypatch.chdir(tmp_path)
    write_params(protocols=BOTH, normalize={"features": ["pre_rr_local"]}, train={"epochs": 8})

    def fill(source="physionet"):
        beats = make_beats(
            np.tile(np.arange(5), 8), record=np.repeat(["100", "101"], 20), source=np.array(source)
        )
        save_beats(paths.BEATS, beats)
        for protocol in BOTH:
            save_arrays(
                paths.split(protocol), train=np.arange(20), fold=np.arange(20) % 5, test=np.arange(20, 40)
            )
        for (protocol, model), card in make_cards(source=source).items():
            write_text(paths.metrics(protocol, model), json.dumps(card))
            write_text(paths.tables(protocol, model) / "symbols.csv", SYMBOLS)
            write_text(paths.figures(protocol, model) / "confusion.png", "")
        for protocol, model in itertools.product(BOTH, NETWORKS):
            write_curves(paths.training(protocol, model), CURVES)
        write_text(paths.SEEDS, SEEDS)
        write_text(paths.RHYTHM_METRICS, json.dumps({"mean": STRATUM}))

    fill()
    return fill


def test_the_report_is_written_with_its_picture_and_twice_the_same(project):
    report.main()
    text = paths.REPORT.read_text()
    assert paths.COMPARISON.exists()
    assert "plots/inter_patient/cnn/figures/confusion.png" in text
    assert "records.png" not in text
    assert 'src="plots/learning_curves/intra_patient_rnn.png"' in text
    assert "| `N` | Normal beat | N | 4 | 75.0% | S 1 |" in text
    assert "arrhythmia study" in text
    assert "Beside the literature" not in text
    report.main()
    assert paths.REPORT.read_text() == text


def test_cross_validated_scores_are_shown_where_they_are_and_are_no_model(project):
    report.main()
    assert "cross-validated on the training" not in paths.REPORT.read_text()
    alone = INNER | {"log_loss": 0.2}
    write_text(paths.cross_validated("inter_patient", "rnn"), json.dumps(alone))
    write_text(paths.fused("inter_patient", "rnn"), json.dumps(alone | {"weight": 0.5, "f1_S": 0.456}))
    report.main()
    lines = paths.REPORT.read_text().splitlines()
    assert "| mean | 0.700 | 0.800 | 0.100 |" in lines
    assert [line for line in lines if line.startswith("| inter-patient | RNN, fused | 0.50 | 0.456 |")]
    assert [
        line for line in lines if line.startswith("| RNN, cross-validated on the training patients | 0.123")
    ]
    assert sum(line.startswith("| RNN, cross-validated") for line in lines) == 1


def test_a_synthetic_run_shows_no_results_of_the_real_recordings(project):
    project(source="synthetic")
    report.main()
    assert "arrhythmia study" not in paths.REPORT.read_text()


def test_results_of_another_version_are_refused(project):
    write_text(paths.ABLATION, "ingredient,f1_S\nall,0.8\n")
    with pytest.raises(
        DataError, match=r"experiments/results/ablation\.csv: columns .*'log_loss'.*study ablation"
    ):
        report.main()


def test_every_model_of_the_report_is_needed(project):
    paths.metrics("inter_patient", list(MODELS)[-1]).unlink()
    with pytest.raises(FileNotFoundError, match="forest"):
        report.main()
