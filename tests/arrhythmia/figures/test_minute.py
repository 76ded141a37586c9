import numpy as np
import pytest

from arrhythmia.figures.minute import CROWDED, alignment, beat_labels, clock_text, minute_figure
from arrhythmia.figures.style import COLOURS, GREY, save_png

START = 3600.0
TIME = START + np.array([-1.0, 0.0, 9.99, 10.0, 25.0, 59.9, 60.5])


def probability(classes, likely=0.9):
    made = np.full((len(classes), 5), (1 - likely) / 4)
    made[np.arange(len(classes)), ["NSVFQ".index(name) for name in classes]] = likely
    return made


def drawn(signal, time=TIME, classes="VNVSFVV", parts=()):
    return minute_figure(
        signal, 10, START, time, probability(classes), parts=parts, title="r", note="no device"
    )


def letters(figure):
    return [[text.get_text() for text in axes.texts] for axes in figure.axes]


def test_each_beat_of_the_minute_is_labelled_once_in_its_row():
    figure = drawn(np.zeros(600))
    assert letters(figure) == [["N", "V"], ["S"], ["F .90"], [], [], ["V .90"]]
    assert [axes.get_ylabel() for axes in figure.axes][:2] == ["1:00:00", "1:00:10"]
    colours = [axes.texts[-1].get_color() for axes in figure.axes if axes.texts]
    assert colours == [COLOURS["V"], COLOURS["S"], COLOURS["F"], COLOURS["V"]]
    assert figure.axes[0].texts[0].get_color() == GREY
    assert "no device" in figure.get_supxlabel()
    assert figure.get_suptitle() == "r"


def test_each_row_shows_its_ten_seconds():
    signal = np.arange(600.0)
    for row, axes in enumerate(drawn(signal).axes):
        x, y = axes.lines[0].get_data()
        assert axes.get_xlim() == (START + 10 * row, START + 10 * row + 10)
        np.testing.assert_allclose(y, signal[100 * row : 100 * row + 101])
        np.testing.assert_allclose(x, START + y / 10)


@pytest.mark.parametrize("signal", [np.full(600, np.nan), np.zeros(600), np.arange(95.0)])
def test_lost_flat_and_short_signals_are_drawn(signal, tmp_path):
    figure = drawn(signal, np.empty(0), "")
    save_png(tmp_path / "r.png", figure)
    low, high = figure.axes[0].get_ylim()
    assert np.isfinite([low, high]).all()
    assert low < high


def test_a_spike_does_not_flatten_the_beats():
    signal = np.sin(np.arange(6000) / 10)
    signal[7] = 500
    figure = minute_figure(signal, 100, 0, np.empty(0), np.empty((0, 5)), parts=[], title="", note="")
    assert figure.axes[0].get_ylim()[1] < 2


def test_equal_pictures_are_equal_files(tmp_path):
    signal = np.random.default_rng(0).normal(size=600)
    for name in ("a.png", "b.png"):
        save_png(tmp_path / name, drawn(signal))
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_crowded_beats_have_their_letter_alone():
    time = np.array([0.0, 1.0, 1.0 + CROWDED / 2, 2.0, 3.0])
    assert beat_labels(time, probability("VVVVN")) == ["V .90", "V", "V", "V .90", "N"]
    assert beat_labels(time[:1], probability("S", 0.996)) == ["S 1.00"]


def test_labels_at_the_ends_stay_in_the_picture():
    assert [alignment(x) for x in (0, 5, 9.99)] == ["left", "center", "right"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (70, "1:10"), (3599, "59:59"), (3600, "1:00:00"), (86390, "23:59:50")]
)
def test_clock(seconds, text):
    assert clock_text(seconds) == text


def test_parts_without_beats_are_named_where_they_are():
    parts = [(START + 5, START + 12, "lost"), (START - 9, START - 3, "noise")]
    seen = letters(drawn(np.zeros(600), time=np.empty(0), classes="", parts=parts))
    assert seen == [["lost"], ["lost"], [], [], [], []]
