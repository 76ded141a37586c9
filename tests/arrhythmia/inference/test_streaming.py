from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrhythmia.ecg import detection
from arrhythmia.ecg.filtering import FS
from arrhythmia.ecg.gaps import stretches
from arrhythmia.ecg.records import read_recording
from arrhythmia.ecg.rr_intervals import long_run_rr, rr_intervals
from arrhythmia.ecg.segmentation import cut_beats
from arrhythmia.features.rhythm import rhythm_features
from arrhythmia.formats.ecg import Ecg
from arrhythmia.formats.recordings import open_ecg
from arrhythmia.inference import streaming
from arrhythmia.inference.quality import NOISE
from arrhythmia.inference.streaming import known_long_run, known_rr, lost_between, pieces, stream_beats
from tests.arrhythmia.ecg.test_detection import ecg

CUT = {"fs": 125, "before": 0.3, "after": 0.5, "rr_before": 5, "rr_after": 4, "rr_long": 10}


def recording(signal, fs=250):
    signal = signal.astype(np.float32)
    return Ecg(Path("r"), fs, "II", len(signal), lambda start, stop: signal[start:stop])


def test_pieces_cover_the_recording_once(monkeypatch):
    monkeypatch.setattr(streaming, "PIECE", 2)
    monkeypatch.setattr(streaming, "MARGIN", 0.5)
    signal = np.arange(1100)
    seen = list(pieces(recording(signal)))
    assert [(piece.start, piece.stop) for piece in seen] == [(0, 500), (500, 1000), (1000, 1100)]
    for piece in seen:
        own = slice(piece.start - piece.first, piece.stop - piece.first)
        np.testing.assert_array_equal(piece.signal[own], signal[piece.start : piece.stop])


@pytest.mark.parametrize("fs", [1000 / 7, 128, 142.22, 249.997, 360])
def test_blocks_follow_on_one_another_from_piece_to_piece(fs):
    """Also where a piece has no whole number of samples: else blocks are lost, and times are too early."""
    length = round(24 * 3600 * fs) + 100
    recorded = Ecg(Path("r"), fs, "II", length, lambda start, stop: np.zeros(1))
    places = [
        (piece.place, piece.place + piece.inside.stop - piece.inside.start) for piece in pieces(recorded)
    ]
    assert places[0][0] == 0
    assert places[-1][1] == round(length * FS / fs)
    assert [start for start, _ in places[1:]] == [stop for _, stop in places[:-1]]
    assert {start % detection.BLOCK for start, _ in places} == {0}


@pytest.mark.parametrize("fs", [1000 / 7, 249.997])
def test_noise_is_found_where_it_is_at_any_rate(monkeypatch, fs):
    monkeypatch.setattr(streaming, "PIECE", 20)
    signal, _ = ecg(fs, 400)
    signal += 0.01 * np.random.default_rng(0).normal(size=len(signal))
    noisy = slice(round(300 * fs), round(330 * fs))
    signal[noisy] = 0.3 * np.random.default_rng(1).normal(size=len(signal[noisy]))
    state = stream_beats(recording(signal, fs), **CUT).state
    (part,) = stretches(state == NOISE, 1)
    np.testing.assert_allclose(part / 10, [300, 330], atol=4)


def test_beats_in_pieces_are_those_of_the_whole(monkeypatch):
    signal, peaks = ecg(250, 120)
    whole = stream_beats(recording(signal), **CUT).beats
    assert len(whole) == len(peaks)
    np.testing.assert_allclose(whole.rr, rr_intervals(whole.sample, 250, before=5, after=4), atol=0.003)
    np.testing.assert_allclose(whole.rr_long, long_run_rr(whole.sample, 250, beats=10), atol=0.003)
    monkeypatch.setattr(streaming, "PIECE", 40)
    times = []
    found = stream_beats(recording(signal), **CUT, on_piece=times.append)
    np.testing.assert_array_equal(found.beats.sample, whole.sample)
    np.testing.assert_array_equal(found.beats.rr, whole.rr)
    np.testing.assert_allclose(found.beats.waveform, whole.waveform, atol=2e-4)
    assert len(found.state) == 1200
    assert sum(times) == 120
    at_once = stream_beats(recording(signal), **CUT, threads=2)
    np.testing.assert_array_equal(at_once.beats.waveform, found.beats.waveform)
    np.testing.assert_array_equal(at_once.measures.peak, found.measures.peak)


@st.composite
def cuts_and_gaps(draw):
    """Return where a recording of two minutes is cut off, and where it is lost, s."""
    start, stop = draw(st.floats(0, 40)), draw(st.floats(80, 120))
    gaps = draw(st.lists(st.tuples(st.floats(0, 120), st.floats(0.2, 30)), max_size=3))
    return start, stop, gaps, draw(st.sampled_from(["missing", "still", "noise"]))


@pytest.fixture(scope="module")
def two_minutes(mitdb):
    record = read_recording(mitdb, "208")
    return record.signal[: 120 * 360], stream_beats(recording(record.signal[: 120 * 360], 360), **CUT).beats


@settings(max_examples=40)
@given(case=cuts_and_gaps())
def test_cuts_and_gaps_change_no_beat_elsewhere(two_minutes, case):
    signal, whole = two_minutes
    start, stop, gaps, kind = case
    disturbed = signal.copy()
    for begin, length in gaps:
        span = slice(int(begin * 360), int((begin + length) * 360))
        size = len(disturbed[span])
        disturbed[span] = {
            "missing": np.nan,
            "still": 0.3,
            "noise": 0.02 * np.random.default_rng(0).normal(size=size),
        }[kind]
    first = int(start * 360) // 36 * 36
    with mock.patch.object(streaming, "PIECE", 40):
        found = stream_beats(recording(disturbed[first : int(stop * 360)], 360), **CUT).beats.sample + first
    time = whole.sample / 360
    near = (time < start + 1) | (time > stop - 1)
    for begin, length in gaps:
        near |= (time > begin - 1) & (time < begin + length + 1)
    distance = np.abs(whole.sample[~near][:, None] - found).min(axis=1, initial=360)
    assert (distance > 2).mean() < 0.02 if (~near).any() else True


def test_a_beat_cut_by_the_edge_is_left_out():
    signal, _ = ecg(250)
    shifted = signal[125:]  # starts on a peak
    found = stream_beats(recording(shifted), **CUT).beats.sample
    assert found[0] > 200


@pytest.mark.parametrize("lost", [np.nan, 0.0])
def test_no_interval_across_lost_signal(monkeypatch, lost):
    signal, peaks = ecg(250, 60)
    signal += 0.01 * np.random.default_rng(0).normal(size=len(signal))
    signal[6000:8000] = lost  # the beats at 24.5 to 31.5 s
    monkeypatch.setattr(streaming, "PIECE", 28)
    beats = stream_beats(recording(signal), **CUT).beats
    np.testing.assert_allclose(beats.sample / 250, peaks[(peaks < 24) | (peaks > 32)], atol=0.01)
    after = 24  # the first beat after the gap
    assert np.flatnonzero(np.isnan(beats.rr[:, 4])).tolist() == [0, after]
    assert np.flatnonzero(np.isnan(beats.rr[:, 5])).tolist() == [after - 1, len(beats) - 1]
    assert np.nanmax(beats.rr) < 1.05
    np.testing.assert_allclose(beats.rr_long, 1, atol=0.01)
    features = rhythm_features(beats.rr, 5, beats.rr_long)
    around = [after - 2, after + 2]  # the beats next to the gap lack an interval of their own
    assert np.isfinite(features[around]).all()
    np.testing.assert_allclose(features[around], 0, atol=0.03)


def test_no_beats_in_a_piece_that_is_nearly_all_lost(monkeypatch):
    signal, peaks = ecg(250, 120)
    signal += 0.01 * np.random.default_rng(0).normal(size=len(signal))
    lost = np.arange(len(signal)) >= 58 * 250
    lost[85 * 250 : 92 * 250] = False
    signal[lost] = np.nan
    monkeypatch.setattr(streaming, "PIECE", 60)
    found = stream_beats(recording(signal), **CUT).beats.sample / 250
    kept = (peaks < 57.9) | ((peaks > 85.1) & (peaks < 91.9))
    np.testing.assert_allclose(found, peaks[kept], atol=0.01)


def test_intervals_that_are_known_stay():
    rng = np.random.default_rng(0)
    peak = np.cumsum(rng.integers(200, 400, size=40))
    unknown = np.zeros(39, dtype=bool)
    np.testing.assert_array_equal(
        known_rr(peak, unknown, before=4, after=3), rr_intervals(peak, FS, before=4, after=3)
    )
    np.testing.assert_array_equal(known_long_run(peak, unknown, beats=6), long_run_rr(peak, FS, beats=6))
    unknown[[9, 10, 30]] = True
    interval = np.where(unknown, np.nan, np.diff(peak) / FS)  # the first one ends with beat 1
    rr = known_rr(peak, unknown, before=4, after=3)
    for beat in (12, 20, 30, 31):
        np.testing.assert_allclose(rr[beat], interval[beat - 4 : beat + 3], rtol=1e-6)
    assert np.flatnonzero(np.isnan(rr[:, 3])).tolist() == [0, 10, 11, 31]
    assert np.flatnonzero(np.isnan(rr[:, 4])).tolist() == [9, 10, 30, 39]
    mean = known_long_run(peak, unknown, beats=3)
    np.testing.assert_allclose(mean[20], interval[16:23].mean(), rtol=1e-6)
    np.testing.assert_allclose(mean[12], np.r_[interval[6:9], interval[11:15]].mean(), rtol=1e-6)
    np.testing.assert_allclose(mean[29], np.r_[interval[25:30], interval[31:33]].mean(), rtol=1e-6)
    # a beat after lost signal has no interval of its own: it takes the mean of the beat before the gap
    np.testing.assert_array_equal(mean[[10, 11, 31]], mean[[9, 9, 30]])
    far = np.r_[0:5, 16:26, 35:40]  # further from lost signal than the mean reaches
    np.testing.assert_allclose(mean[far], long_run_rr(peak, FS, beats=3)[far], rtol=1e-6)


@given(
    interval=st.lists(st.tuples(st.integers(100, 400), st.booleans()), max_size=15), beats=st.integers(1, 5)
)
def test_the_long_run_mean_is_that_of_the_known_intervals_on_either_side(interval, beats):
    peak = np.cumsum([1000, *[length for length, _ in interval]])
    unknown = np.array([lost for _, lost in interval], dtype=bool)
    known = [length / FS for length, lost in interval if not lost]
    expected = []
    for beat in range(len(peak)):
        place = int(np.sum(~unknown[:beat])) - 1  # of the last known interval up to the beat, among the known
        around = known[max(place - beats, 0) : place + beats + 1]
        expected.append(np.mean(around) if around else np.nan)
    found = known_long_run(peak, unknown, beats=beats)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert found.dtype == np.float32


@pytest.mark.parametrize("n", [0, 1, 3])
def test_few_beats_and_nothing_known_between_them(n):
    peak, unknown = np.arange(n) * 300, np.ones(max(n - 1, 0), dtype=bool)
    rr = known_rr(peak, unknown, before=4, after=3)
    assert rr.shape == (n, 7)
    assert np.isnan(rr).all()
    mean = known_long_run(peak, unknown, beats=2)
    np.testing.assert_array_equal(mean, np.full(n, np.float32(np.nan)))


@pytest.mark.parametrize(
    ("lost", "between"),
    [
        ([[150, 180]], [1]),
        ([[150, 250]], [1, 2]),
        ([[0, 50], [450, 500]], []),
        ([[201, 300], [120, 200]], [1, 2]),
        ([[0, 500]], [0, 1, 2, 3]),
        (np.empty((0, 2), dtype=int), []),
    ],
)
def test_lost_between(lost, between):
    found = lost_between(np.array([50, 100, 200, 300, 400]), np.array(lost))
    assert np.flatnonzero(found).tolist() == between


def test_annotated_beats_are_cut_as_in_training(mitdb, monkeypatch):
    monkeypatch.setattr(streaming, "PIECE", 100)
    record = read_recording(mitdb, "101")
    trained = cut_beats([record], window="centred", source="physionet", **CUT)
    found = stream_beats(open_ecg(mitdb / "101"), **CUT, positions=trained.sample.astype(np.int64)).beats
    for name in ("rr", "rr_long", "sample", "r_index"):
        np.testing.assert_array_equal(getattr(found, name), getattr(trained, name))
    # a filter settles within the margin of a piece, but for the last digit
    np.testing.assert_allclose(found.waveform, trained.waveform, atol=2e-4)


@pytest.mark.parametrize("fs", [359.85, 179.95, 720.4])
def test_rates_that_no_small_ratio_gives_shift_no_beat(monkeypatch, fs):
    """Signals are resampled by a ratio close by; in half an hour its error would add up to half a second."""
    monkeypatch.setattr(streaming, "PIECE", 200)
    signal, peaks = ecg(fs, 500)
    found = stream_beats(recording(signal, fs), **CUT).beats
    np.testing.assert_allclose(found.sample / fs, peaks, atol=0.01)
    np.testing.assert_allclose(found.rr[5:-5], 1, atol=0.01)


def test_known_beats_in_lost_signal_are_left_out():
    signal, peaks = ecg(250, 60)
    signal[6000:8000] = np.nan
    known = np.round(250 * peaks).astype(int)
    found = stream_beats(recording(signal), **CUT, positions=known)
    lost = (peaks > 24) & (peaks < 32)
    assert len(known) - len(found.beats) == lost.sum() > 5
    np.testing.assert_array_equal(found.beats.sample, known[~lost])


def test_lost_signal_is_not_clipped(monkeypatch):
    monkeypatch.setattr(streaming, "PIECE", 20)
    signal, _ = ecg(250, 60)
    signal += 0.01 * np.random.default_rng(0).normal(size=len(signal))
    signal[5000:10000] = 0.0  # a whole piece
    assert stream_beats(recording(signal), **CUT).measures.clipped < 0.01
