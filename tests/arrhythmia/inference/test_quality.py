import numpy as np
import pytest

from arrhythmia.errors import DataError
from arrhythmia.inference.quality import (
    check_alike,
    check_beats,
    check_length,
    check_quality,
    lost_spans,
    quality_of,
    without_gaps,
)
from tests.arrhythmia.ecg.test_detection import ecg

FS = 250
GOOD = ecg(FS)[0] + 0.01 * np.random.default_rng(0).normal(size=30 * FS)
NOISE = np.random.default_rng(0).normal(size=30 * FS)


def judged(signal):
    check_quality("r", quality_of(signal.astype(np.float32), FS))


def test_an_ecg_passes_also_with_a_gap():
    judged(GOOD)
    judged(np.concatenate([GOOD, np.full(10 * FS, np.nan), GOOD]))


@pytest.mark.parametrize(
    ("signal", "words"),
    [
        (np.full(30 * FS, np.nan), "100% of the samples are missing"),
        (np.zeros(30 * FS), "flat"),
        (np.concatenate([GOOD[: 10 * FS], np.zeros(20 * FS)]), "67% of the signal is flat"),
        (np.clip(GOOD, 0, 0.02), "clipped"),
        (NOISE, "no ECG"),
        (np.sin(np.arange(30 * FS) / 40), "no ECG"),
    ],
)
def test_what_is_no_ecg_is_refused(signal, words):
    with pytest.raises(DataError, match=f"^r: .*{words}"):
        judged(signal)


@pytest.mark.parametrize(("samples", "words"), [(0, "empty"), (2499, "least is 10 s")])
def test_too_short(samples, words):
    with pytest.raises(DataError, match=words):
        check_length("r", samples, FS)
    check_length("r", 2500, FS)


@pytest.mark.parametrize(("scale", "words"), [(1000, "--unit uV"), (0.001, "--unit V")])
def test_a_wrong_unit_is_named(scale, words):
    beat = np.tile(np.exp(-(np.linspace(-3, 3, 100) ** 2)), (9, 1)).astype(np.float32)
    check_beats("r", beat)
    with pytest.raises(DataError, match=words):
        check_beats("r", scale * beat)


def test_few_beats_and_unlike_ones_are_refused():
    beat = np.random.default_rng(0).normal(size=(9, 100)).astype(np.float32)
    with pytest.raises(DataError, match="too few"):
        check_beats("r", beat[:4])
    check_alike("r", beat, beat)
    with pytest.raises(DataError, match="not alike"):
        check_alike("r", beat, np.roll(beat, 1, axis=0))


def test_gaps_are_bridged_by_a_line():
    assert without_gaps(np.array([np.nan, 1, np.nan, 3, np.nan])).tolist() == [1, 1, 2, 3, 3]
    assert without_gaps(np.full(3, np.nan)).tolist() == [0, 0, 0]


def test_lost_signal_is_what_may_hide_a_beat():
    signal = np.arange(1010.0) % 7
    signal[[3, 50]] = np.nan
    signal[100:112] = np.nan
    signal[300:500] = 4.0
    assert lost_spans(signal, 100).tolist() == [[100, 112], [300, 500]]
    assert lost_spans(np.arange(1001.0), 100).tolist() == []  # the last second has one sample
    assert lost_spans(np.full(1000, np.nan), 100).tolist() == [[0, 1000]]
