import numpy as np
import pytest

from arrhythmia.ecg.beats import Beats
from arrhythmia.ecg.recording import Recording
from arrhythmia.figures import strips
from arrhythmia.figures.style import save_png

FS = 100.0


def recording(seconds=60, every=80):
    sample = np.arange(50, int(seconds * FS), every)
    symbol = np.full(len(sample), "N")
    symbol[3], symbol[4] = "V", "+"
    signal = np.sin(np.arange(int(seconds * FS)) / 7).astype(np.float32)
    return Recording("203", FS, "MLII", signal, signal.astype(np.int32), sample, symbol)


def kaggle_beats():
    n = 3
    return Beats(
        waveform=np.tile(np.linspace(0, 1, 187, dtype=np.float32), (n, 1)),
        rr=np.full((n, 4), np.nan, np.float32),
        rr_long=np.full(n, np.nan, np.float32),
        record=np.array(["100", "100", "100"]),
        sample=np.full(n, -1, np.int32),
        annotation=np.full(n, -1, np.int32),
        symbol=np.array(["", "", ""]),
        label=np.array([0, 1, 2], np.int8),
        kaggle=np.ones(n, bool),
        source=np.array("kaggle"),
        fs=np.array(120.0),
        r_index=np.array(0),
        rr_before=np.array(2),
    )


def guess(predicted, confidence):
    probability = np.full(5, (1 - confidence) / 4)
    probability[predicted] = confidence
    return probability


def test_describe_names_both_classes_and_the_probability():
    assert strips.describe(2, guess(0, 0.987)) == "V classified as N (0.99)"


def test_a_strip_is_two_seconds_on_either_side_with_the_symbols_of_the_beats():
    strip = strips.recording_strip(recording(), 290, "V classified as N (0.99)")
    assert strip.caption == "record 203, 0:02.9, V classified as N (0.99)"
    assert (strip.time[0], strip.time[-1]) == (-2, 2)
    assert len(strip.time) == len(strip.signal) == 401
    assert strip.signal[0] == recording().signal[90]
    assert strip.unit == "MLII, mV"
    assert strip.beat_time.tolist() == pytest.approx([-1.6, -0.8, 0, 1.6])  # not the "+" at 0.8 s
    assert strip.beat_symbol.tolist() == ["N", "N", "V", "N"]


@pytest.mark.parametrize(("sample", "ends"), [(50, (-0.5, 2)), (5970, (-2, 0.29))])
def test_a_strip_ends_with_the_record(sample, ends):
    strip = strips.recording_strip(recording(), sample, "")
    assert (strip.time[0], strip.time[-1]) == pytest.approx(ends)
    assert 0 in strip.beat_time


@pytest.mark.parametrize(("sample", "clock"), [(5996, "1:00.0"), (5994, "0:59.9"), (75_450, "12:34.5")])
def test_the_time_is_a_clock_time(sample, clock):
    assert f", {clock}, " in strips.recording_strip(recording(800), sample, "").caption


def test_without_a_recording_the_window_itself_is_shown():
    strip = strips.window_strip(kaggle_beats(), 1, "S classified as N (0.90)")
    assert strip.caption == "record 100, S classified as N (0.90)"
    assert (strip.time[0], strip.time[-1]) == pytest.approx((0, 186 / 120))


def test_gallery_draws_each_strip_and_leaves_the_rest_of_the_grid_empty():
    shown = [strips.recording_strip(recording(), sample, "wrong") for sample in (50, 290, 450, 530)]
    figure = strips.gallery(shown, title="RNN, synthetic recordings")
    assert [axes.get_title() for axes in figure.axes if axes.axison] == [strip.caption for strip in shown]
    assert [axes.axison for axes in figure.axes] == [True] * 4 + [False] * 2
    bold = [text.get_text() for text in figure.axes[1].texts if text.get_weight() == "bold"]
    assert bold == ["V"]


def test_gallery_is_small_and_reproducible_and_takes_flat_signals(tmp_path):
    noise = np.random.default_rng(0).normal(size=6000).cumsum().astype(np.float32) / 20
    flat, noisy = recording(), recording()
    flat = Recording("100", FS, "V5", np.zeros(6000, np.float32), flat.adu, flat.sample, flat.symbol)
    noisy = Recording("101", FS, "V5", noise, flat.adu, flat.sample, flat.symbol)
    shown = [strips.recording_strip(flat, 290, "flat")]
    shown += [strips.recording_strip(noisy, 290 + 80 * k, "noisy") for k in range(11)]
    for name in "ab":
        save_png(tmp_path / f"{name}.png", strips.gallery(shown, title="mistakes"))
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.png").stat().st_size < 150_000


def test_a_gallery_of_nothing_says_so(tmp_path):
    figure = strips.gallery([], title="mistakes")
    assert figure.get_suptitle() == "mistakes: none"
    save_png(tmp_path / "none.png", figure)
