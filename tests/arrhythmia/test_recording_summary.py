import numpy as np
import pytest

from arrhythmia.recording_summary import heart_rate, longest_run, summarize, uncertain, worst_minute


def certain(classes):
    probability = np.full((len(classes), 5), 0.025)
    probability[np.arange(len(classes)), ["NSVFQ".index(name) for name in classes]] = 0.9
    return probability


@pytest.mark.parametrize(
    ("members", "run"), [("", (0, 0)), ("000", (0, 0)), ("0110111", (4, 3)), ("11011", (0, 2)), ("1", (0, 1))]
)
def test_longest_run(members, run):
    assert longest_run(np.array([x == "1" for x in members], dtype=bool)) == run


def test_counts_burden_and_runs():
    summary = summarize(np.arange(10) * 100, certain("NNVVVNSNNN"), 100)
    assert summary["counts"] == {"N": 6, "S": 1, "V": 3, "F": 0, "Q": 0}
    assert summary["burden_percent"] == {"S": 10.0, "V": 30.0}
    assert summary["longest_run"]["V"] == {"beats": 3, "start_s": 2.0}
    assert summary["longest_run"]["S"] == {"beats": 1, "start_s": 6.0}
    assert summary["uncertain_percent"] == 0.0


def test_heart_rate_over_eight_beats():
    sample = np.cumsum([0] + [100] * 8 + [50] * 8)
    assert heart_rate(sample, 100) == {"median": 80.0, "lowest": 60.0, "highest": 120.0}
    assert heart_rate(sample[:3], 100) == {"median": 60.0, "lowest": None, "highest": None}
    assert heart_rate(sample[:1], 100)["median"] is None


def test_uncertain_below_seven_in_ten():
    assert uncertain(np.array([[0.69, 0.31, 0, 0, 0], [0.7, 0.3, 0, 0, 0]])).tolist() == [True, False]


def test_worst_minute():
    sample = np.arange(300) * 10  # a beat a second
    assert worst_minute(sample, certain("N" * 200 + "V" * 30 + "N" * 70), 10, 3000) == 1700
    assert worst_minute(sample[:20], certain("V" * 20), 10, 200) == 0
