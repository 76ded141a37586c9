from pathlib import Path

import numpy as np

from arrhythmia import streaming
from arrhythmia.ecg_files import Ecg, open_ecg
from arrhythmia.recordings import read_recording
from arrhythmia.segmentation import cut_beats
from arrhythmia.streaming import pieces, stream_beats
from tests.arrhythmia.test_detection import ecg

CUT = {"fs": 125, "before": 0.3, "after": 0.5, "rr_before": 5, "rr_long": 10}


def recording(signal, fs=250):
    signal = signal.astype(np.float32)
    return Ecg(Path("r"), fs, "II", len(signal), lambda start, stop: signal[start:stop])


def test_pieces_cover_the_recording_once(monkeypatch):
    monkeypatch.setattr(streaming, "PIECE", 2.0)
    monkeypatch.setattr(streaming, "MARGIN", 0.5)
    signal = np.arange(1100)
    seen = list(pieces(recording(signal)))
    assert [(start, stop) for start, stop, _, _ in seen] == [(0, 500), (500, 1000), (1000, 1100)]
    for start, stop, first, part in seen:
        np.testing.assert_array_equal(part[start - first : stop - first], signal[start:stop])


def test_beats_in_pieces_are_those_of_the_whole(monkeypatch):
    signal, peaks = ecg(250, 60)
    whole, _ = stream_beats(recording(signal), **CUT)
    assert len(whole) == len(peaks)
    monkeypatch.setattr(streaming, "PIECE", 10.0)
    monkeypatch.setattr(streaming, "MARGIN", 8.0)
    times = []
    parts, quality = stream_beats(recording(signal), **CUT, on_piece=times.append)
    np.testing.assert_array_equal(parts.sample, whole.sample)
    np.testing.assert_array_equal(parts.rr, whole.rr)
    np.testing.assert_allclose(parts.waveform, whole.waveform, atol=1e-3)
    assert quality.samples == len(signal)
    assert sum(times) == 60


def test_a_beat_cut_by_the_edge_is_left_out():
    signal, _ = ecg(250)
    shifted = signal[125:]  # starts on a peak
    found = stream_beats(recording(shifted), **CUT)[0].sample
    assert found[0] > 200


def test_annotated_beats_are_cut_as_in_training(mitdb, monkeypatch):
    monkeypatch.setattr(streaming, "PIECE", 100.0)
    record = read_recording(mitdb, "101")
    trained = cut_beats([record], window="centred", source="physionet", **CUT)
    found, _ = stream_beats(open_ecg(mitdb / "101"), **CUT, positions=trained.sample.astype(np.int64))
    for name in ("waveform", "rr", "rr_long", "sample", "r_index"):
        np.testing.assert_array_equal(getattr(found, name), getattr(trained, name))
