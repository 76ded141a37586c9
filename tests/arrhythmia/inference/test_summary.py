import numpy as np
import pytest

from arrhythmia.inference.summary import heart_rate, longest_run, summarize, uncertain, worst_minute


def certain(classes):
    probability = np.full((len(classes), 5), 0.025)
    probability[np.arange(len(classes)), ["NSVFQ".index(name) for name in classes]] = 0.9
    return probability


@pytest.mark.parametrize(
    ("members", "run"),
    [("", (0, 0)), ("000", (0, 0)), ("0110111", (4, 3)), ("11011", (0, 2)), ("1", (0, 1))],
)
def test_longest_run(members, run):
    member = np.array([x == "1" for x in members], dtype=bool)
    assert longest_run(member, np.zeros(len(member), dtype=bool)) == run


def test_lost_signal_ends_a_run():
    member, parted = np.array([True, True, True, False, True]), np.array([True, False, True, False, False])
    assert longest_run(member, parted) == (0, 2)


def test_counts_burden_and_runs():
    summary = summarize(np.arange(10.0), np.array([np.nan] + [1.0] * 9), certain("NNVVVNSNNN"))
    assert summary["counts"] == {"N": 6, "S": 1, "V": 3, "F": 0, "Q": 0}
    assert summary["burden_percent"] == {"S": 10.0, "V": 30.0}
    assert summary["longest_run"]["V"] == {"beats": 3, "start_s": 2.0}
    assert summary["longest_run"]["S"] == {"beats": 1, "start_s": 6.0}
    assert summary["uncertain_percent"] == 0.0


def test_heart_rate_over_eight_beats():
    rr = np.array([np.nan] + [1.0] * 8 + [0.5] * 8)
    assert heart_rate(rr) == {"median": 80.0, "lowest": 60.0, "highest": 120.0}
    assert heart_rate(rr[:3]) == {"median": 60.0, "lowest": None, "highest": None}
    assert heart_rate(rr[:1])["median"] is None


def test_lost_signal_is_no_slow_heart():
    rr = np.array([1.0] * 9 + [np.nan] + [1.0] * 9)
    assert heart_rate(rr)["lowest"] == 60.0
    assert heart_rate(rr[2:17])["lowest"] is None  # no eight beats in a row


def test_uncertain_below_seven_in_ten():
    assert uncertain(np.array([[0.69, 0.31, 0, 0, 0], [0.7, 0.3, 0, 0, 0]])).tolist() == [True, False]


def test_worst_minute():
    sample = np.arange(300) * 10  # a beat a second
    assert worst_minute(sample, certain("N" * 200 + "V" * 30 + "N" * 70), 10, 3000) == 1700
    assert worst_minute(sample[:20], certain("V" * 20), 10, 200) == 0
