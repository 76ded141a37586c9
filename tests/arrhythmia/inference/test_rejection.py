import numpy as np
import pytest

from arrhythmia.evaluation.beat_matching import beat_by_beat
from arrhythmia.formats.annotations import read_annotations
from arrhythmia.formats.recordings import open_ecg
from arrhythmia.inference.rejection import false_detections
from arrhythmia.inference.streaming import stream_beats
from arrhythmia.scoring.ec57 import EXTRA, MISSED
from tests.arrhythmia.ecg.test_detection import ecg
from tests.arrhythmia.inference.test_streaming import CUT, recording


def rejected(time, faint, unlike=None):
    """Return which of the detections at `time` (s) are rejected; `faint` and `unlike` are their indices."""
    peak = np.round(360 * np.asarray(time)).astype(np.int64)
    steepness, alike = np.ones(len(peak)), np.ones(len(peak))
    steepness[faint] = 0.3
    alike[faint if unlike is None else unlike] = 0.2
    return np.flatnonzero(false_detections(peak, steepness, alike)).tolist()


def with_extra(*extra):
    """Return the times of 60 beats, one a second, with others between, and the indices of these."""
    time = np.sort(np.concatenate([np.arange(60.0), extra]))
    return time, np.flatnonzero(np.isin(time, extra))


def test_what_is_faint_and_unlike_between_two_beats_is_no_beat():
    time, extra = with_extra(20.4, 30.3, 30.6)
    assert rejected(time, extra) == extra.tolist()
    assert rejected(time, extra, unlike=[]) == []
    assert rejected(time, [], unlike=extra) == []


def test_what_is_flat_stays():
    peak = np.sort(np.append(360 * np.arange(60), 7344))
    alike = np.where(peak == 7344, np.nan, 1.0)
    assert not false_detections(peak, np.where(peak == 7344, 0.3, 1.0), alike).any()


def test_where_there_is_room_for_a_beat_it_stays():
    premature = np.concatenate([np.arange(30.0), [29.6], np.arange(31.0, 60)])  # with a compensatory pause
    assert rejected(np.sort(premature), [30]) == []
    run = np.concatenate([np.arange(30.0), 29.5 + 0.4 * np.arange(8), np.arange(34.0, 60)])
    assert rejected(np.sort(run), np.arange(30, 38)) == []


@pytest.mark.parametrize("every", [2, 3, 4])
@pytest.mark.parametrize("early", [0.3, 0.4])
def test_bigeminy_to_quadrigeminy_of_faint_beats_stays(every, early):
    faint = np.arange(every - 1, 60, every)
    time = np.arange(60.0)
    time[faint] -= early
    assert rejected(time, faint) == []


def test_first_and_last_detection_stay():
    time, _ = with_extra()
    assert rejected(time, [0, 1, 58, 59]) == []


def test_nothing_found():
    assert rejected([], []) == []
    assert rejected([1.0], [0]) == []


def test_rejected_detections_leave_no_interval():
    signal, peaks = ecg(250, 60)
    beats = stream_beats(recording(signal), **CUT).beats
    at = np.arange(len(signal)) / 250
    for bump in (20.5, 41.45):  # a quarter as steep as a complex, and of the other sign
        signal -= 0.3 * np.exp(-(((at - peaks[0] - bump) / 0.025) ** 2))
    found = stream_beats(recording(signal), **CUT)
    np.testing.assert_allclose(found.rejected / 250, peaks[0] + np.array([20.5, 41.45]), atol=0.05)
    assert found.faint == 0
    assert found.detections.faint > 0
    np.testing.assert_allclose(found.beats.sample, beats.sample, atol=1)
    np.testing.assert_allclose(found.beats.rr, beats.rr, atol=0.01)
    assert len(stream_beats(recording(signal), **CUT, positions=beats.sample).beats) == len(beats)


@pytest.mark.parametrize(
    ("name", "most_extra", "most_missed"), [("108", 20, 5), ("119", 0, 0), ("106", 1, 0)]
)
def test_real_recordings(mitdb, name, most_extra, most_missed):
    record = open_ecg(mitdb / name)
    sample, symbol = read_annotations(record, "atr")
    found = stream_beats(record, **CUT).beats
    counts = beat_by_beat(sample, symbol, found.sample, np.zeros(len(found), dtype=int), record.fs)
    assert counts[EXTRA].sum() <= most_extra
    assert counts[:, MISSED].sum() <= most_missed
