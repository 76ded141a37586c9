import numpy as np

from arrhythmia.ecg.gaps import clipped_share, lost_spans, without_gaps


def test_gaps_are_bridged_by_a_line():
    assert without_gaps(np.array([np.nan, 1, np.nan, 3, np.nan])).tolist() == [1, 1, 2, 3, 3]
    assert without_gaps(np.full(3, np.nan)).tolist() == [0, 0, 0]


def test_lost_signal_is_what_may_hide_a_beat():
    signal = np.arange(1010.0) % 7
    signal[[3, 50]] = np.nan
    signal[100:112] = np.nan
    signal[250:351] = 4.5
    assert lost_spans(signal, 100).tolist() == [[100, 112], [250, 351]]
    assert lost_spans(np.arange(1001.0), 100).tolist() == []
    assert lost_spans(np.full(1000, np.nan), 100).tolist() == [[0, 1000]]
    assert lost_spans(np.empty(0), 100).tolist() == []


def test_what_stands_at_the_limits_is_clipped():
    assert clipped_share(np.clip(np.sin(np.arange(1000) / 10), -1, 0)) > 0.4
    assert clipped_share(np.sin(np.arange(1000) / 10)) == 0
    assert clipped_share(np.full(5, np.nan)) == 0
