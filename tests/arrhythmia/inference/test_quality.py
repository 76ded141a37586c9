import numpy as np
import pytest

from arrhythmia.ecg.records import read_recording
from arrhythmia.errors import DataError
from arrhythmia.inference.quality import (
    LOST,
    NO_BEATS,
    NOISE,
    OK,
    Part,
    check_alike,
    check_beats,
    check_length,
    parts_of,
    shares_of,
)
from arrhythmia.inference.streaming import stream_beats
from tests.arrhythmia.ecg.test_detection import ecg
from tests.arrhythmia.inference.test_streaming import CUT, recording

GOOD, PEAKS = ecg(250, 120)
GOOD = GOOD + 0.01 * np.random.default_rng(0).normal(size=len(GOOD))
NOISE_OF_0_3_MV = 0.3 * np.random.default_rng(1).normal(size=len(GOOD))


def found_in(signal):
    return stream_beats(recording(signal), **CUT)


def with_part(start, stop, part):
    """Return a good ECG of two minutes with another part from `start` to `stop`, s."""
    signal = GOOD.copy()
    signal[250 * start : 250 * stop] = part[250 * start : 250 * stop]
    return signal


def test_a_good_ecg_is_all_signal():
    assert parts_of(found_in(GOOD).state) == []


@pytest.mark.parametrize(("start", "stop"), [(0, 35), (40, 80), (100, 120)])
@pytest.mark.parametrize(
    ("part", "state"),
    [
        (np.full(len(GOOD), np.nan), "lost"),
        (np.full(len(GOOD), 5.0), "lost"),
        (np.random.default_rng(2).normal(size=len(GOOD)) * 0.05, "no beats"),
        (np.random.default_rng(2).normal(size=len(GOOD)) * 0.005, "no beats"),
        (NOISE_OF_0_3_MV, "noise"),
    ],
)
def test_each_part_has_its_state_and_the_beats_elsewhere_stay(start, stop, part, state):
    found = found_in(with_part(start, stop, part))
    [seen] = [x for x in parts_of(found.state) if x.stop_s - x.start_s > 3]
    assert seen.state == state
    assert (seen.start_s, seen.stop_s) == (pytest.approx(start, abs=7), pytest.approx(stop, abs=7))
    time = found.beats.sample / 250
    far = 1 if state != "noise" else 7  # noise is told from signal over ten seconds
    outside = PEAKS[(start - far > PEAKS) | (stop + far < PEAKS)]
    assert np.abs(time[:, None] - outside).min(0).max() < 0.02
    assert not ((time > start + far) & (time < stop - far)).any()
    assert np.nanmax(found.beats.rr) < 3


def test_a_pause_is_an_interval_and_no_part():
    signal = with_part(60, 64, np.random.default_rng(2).normal(size=len(GOOD)) * 0.01)
    found = found_in(signal)
    assert parts_of(found.state) == []
    assert np.nanmax(found.beats.rr) == pytest.approx(5, abs=0.02)


@pytest.mark.parametrize("lost", [0.4, 0.8])
def test_a_recording_that_is_mostly_lost_has_its_beats(lost):
    signal = GOOD.copy()
    signal[: int(lost * len(signal))] = 0.0
    found = found_in(signal)
    assert shares_of(found.state)["lost"] == pytest.approx(lost, abs=0.01)
    assert len(found.beats) == (120 * lost < PEAKS).sum()


def test_parts_and_shares():
    state = np.repeat([OK, LOST, OK, NO_BEATS, NOISE], [10, 20, 30, 30, 10])
    assert parts_of(state) == [Part(1, 3, "lost"), Part(6, 9, "no beats"), Part(9, 10, "noise")]
    assert shares_of(state) == {"lost": 0.2, "noise": 0.1, "no beats": 0.3}


@pytest.mark.parametrize(
    ("signal", "words"),
    [
        (np.full(len(GOOD), np.nan), "100% lost"),
        (np.zeros(len(GOOD)), "100% lost"),
        (NOISE_OF_0_3_MV, "100% noise"),
        (np.sin(np.arange(len(GOOD)) / 40), "too few"),
    ],
)
def test_what_is_no_ecg_is_refused(signal, words):
    found = found_in(signal)
    with pytest.raises(DataError, match=f"^r: .*{words}"):
        check_beats("r", found.beats.waveform, found.state)


@pytest.mark.parametrize(("samples", "words"), [(0, "empty"), (2499, "least is 10 s")])
def test_too_short(samples, words):
    with pytest.raises(DataError, match=words):
        check_length("r", samples, 250)
    check_length("r", 2500, 250)


@pytest.mark.parametrize(("scale", "words"), [(1000, "--unit uV"), (0.001, "--unit V")])
def test_a_wrong_unit_is_named(scale, words):
    beat = np.tile(np.exp(-(np.linspace(-3, 3, 100) ** 2)), (9, 1)).astype(np.float32)
    check_beats("r", beat, np.zeros(9))
    with pytest.raises(DataError, match=words):
        check_beats("r", scale * beat, np.zeros(9))


def test_few_beats_and_unlike_faint_ones_are_refused():
    beat = np.random.default_rng(0).normal(size=(9, 100)).astype(np.float32)
    with pytest.raises(DataError, match="too few"):
        check_beats("r", beat[:4], np.zeros(9))
    check_alike("r", alike=0.9, faint=1.0)
    check_alike("r", alike=0.1, faint=0.0)  # as in bigeminy
    for alike in (0.1, np.nan):
        with pytest.raises(DataError, match="not alike"):
            check_alike("r", alike=alike, faint=0.1)


@pytest.mark.parametrize("rate", [180, 200, 220])
def test_a_tachycardia_is_no_noise(mitdb, rate):
    """A minute of 213, at 110 a minute, played faster, within 100."""
    slow, fast = (read_recording(mitdb, name).signal[: 360 * 240] for name in ("100", "213"))
    signal = slow.copy()
    signal[360 * 90 : 360 * 150] = np.interp(np.arange(360 * 60) * rate / 110, np.arange(len(fast)), fast)
    found = stream_beats(recording(signal, 360), **CUT)
    time = found.beats.sample / 360
    assert ((time > 90) & (time < 150)).sum() == pytest.approx(rate, rel=0.07)
    assert parts_of(found.state) == []


@pytest.mark.parametrize("height", [0.3, 3, 20])
def test_noise_steeper_than_the_beats_is_no_measure_of_them(height):
    found = found_in(with_part(40, 80, height * np.random.default_rng(1).normal(size=len(GOOD))))
    shares = shares_of(found.state)
    assert shares["noise"] == pytest.approx(1 / 3, abs=0.1)
    assert shares["no beats"] < 0.07  # half a block of beats is as noisy as the noise beside it
    clean = PEAKS[(PEAKS < 33) | (PEAKS > 87)]
    assert np.abs(found.beats.sample[:, None] / 250 - clean).min(0).max() < 0.02


@pytest.mark.parametrize("floor", [0.002, 0.02])
def test_an_escape_beat_between_pauses_is_a_beat(floor):
    noise = floor * np.random.default_rng(2).normal(size=len(GOOD))
    signal = with_part(51, 69, noise)
    signal[250 * 60 : 250 * 61] = GOOD[250 * 60 : 250 * 61]
    time = found_in(signal).beats.sample / 250
    np.testing.assert_allclose(time[(time > 51) & (time < 69)], [60.5], atol=0.02)
    assert len(time) == len(PEAKS) - 17


@pytest.mark.parametrize("floor", [0.002, 0.02])
def test_pauses_that_fill_most_of_the_time_tell_nothing_of_the_beats_between(mitdb, floor):
    """9 s of 100, whose P and T waves are those of a person, and 15 s of noise, again and again."""
    signal = read_recording(mitdb, "100").signal[: 360 * 240].copy()
    whole = stream_beats(recording(signal, 360), **CUT).beats.sample / 360
    for start in range(9, 240, 24):
        part = slice(360 * start, 360 * (start + 15))
        signal[part] = signal[360 * start] + floor * np.random.default_rng(start).normal(size=360 * 15)
    time = stream_beats(recording(signal, 360), **CUT).beats.sample / 360
    inside = whole[(whole % 24 > 0.3) & (whole % 24 < 8.7)]
    assert np.abs(time[:, None] - inside).min(0).max() < 0.02
    assert len(time) <= len(whole[whole % 24 < 9]) + 3


def test_known_beats_that_lie_in_no_signal_are_named_as_such():
    with pytest.raises(DataError, match="2 of the beats that --beats names lie in signal, too few"):
        check_beats("r", np.ones((2, 100), np.float32), np.zeros(9), known=True)


def test_more_samples_than_an_annotation_file_can_name():
    check_length("r", 2**31 - 1, 360)
    with pytest.raises(DataError, match="the most is 2147483647: cut it"):
        check_length("r", 2**31, 360)


@pytest.mark.parametrize(("frequency", "amplitude"), [(5, 0.5), (5, 2.0), (8, 0.3), (8, 1.5)])
def test_a_tremor_is_no_tachycardia(mitdb, frequency, amplitude):
    """A wave without a line between complexes, however alike its periods are."""
    signal = read_recording(mitdb, "124").signal[: 360 * 240].copy()
    part = slice(360 * 90, 360 * 150)
    signal[part] = amplitude * np.sin(2 * np.pi * frequency * np.arange(360 * 60) / 360)
    time = stream_beats(recording(signal, 360), **CUT).beats.sample / 360
    assert ((time > 95) & (time < 145)).sum() == 0


def test_a_few_steep_artefacts_do_not_silence_a_tachycardia(mitdb):
    """Of record 114 played 2.2 times as fast few blocks are distinct: these must not tell what is usual."""
    slow = read_recording(mitdb, "114").signal[: 360 * 60 * 8]
    signal = np.interp(np.arange(360 * 200) * 2.2, np.arange(len(slow)), slow)
    before = len(stream_beats(recording(signal, 360), **CUT).beats)
    for at in range(360 * 60, 360 * 105, 360 * 3):
        signal[at : at + 20] += 10 * np.hanning(20)
    assert len(stream_beats(recording(signal, 360), **CUT).beats) > 0.6 * before
