import numpy as np
import pytest

from arrhythmia.aami import labels_of
from arrhythmia.ecg.recording import Recording
from arrhythmia.figures.style import save_png
from arrhythmia.figures.worst_records import about, excerpt, worst_figure

FS = 100.0
HEADER = ("76 F 2777 3655 x2", "Aldomet, Inderal", "The rhythm is slow.  There are", "long pauses.")


def recording(name="232", seconds=60):
    """A record with a beat every 0.8 s, all N but one V and one that is no beat."""
    sample = np.arange(50, int(seconds * FS), 80)
    symbol = np.full(len(sample), "N")
    symbol[3], symbol[4] = "V", "+"
    signal = np.random.default_rng(0).normal(size=int(seconds * FS)).astype(np.float32)
    return Recording(name, FS, "MLII", signal, signal.astype(np.int32), sample, symbol, HEADER)


def cut(mistakes, seconds=60, name="232"):
    """An excerpt of a record whose beats are all right but those at the given places."""
    made = recording(name, seconds)
    beat = labels_of(made.symbol) >= 0
    label = labels_of(made.symbol)[beat]
    predicted = label.copy()
    for place, guess in mistakes.items():
        predicted[place] = guess
    return excerpt(made, made.sample[beat], label, predicted)


def test_the_excerpt_shows_the_commonest_mistake():
    shown = cut({10: 1, 40: 2, 41: 2, 42: 2, 43: 1})
    assert shown.caption == (
        "record 232: 5 of 74 test beats wrong (6.8%), 3 of them N classified as V; from 0:29"
    )
    assert shown.unit == "MLII, mV"
    assert (len(shown.time), shown.time[0]) == (1000, 0)
    assert shown.predicted.tolist() == ["N"] * 5 + ["V"] * 3 + ["S"] + ["N"] * 4
    assert shown.wrong.tolist() == [False] * 5 + [True] * 4 + [False] * 4
    assert set(shown.beat_symbol) == {"N"}
    # The middle one of the three mistakes stands in the middle.
    assert shown.beat_time[6] == pytest.approx(5)
    assert shown.signal[0] == recording().signal[(50 + 80 * 42) - 500]


def test_the_excerpt_ends_with_the_record_and_shows_beats_only():
    first, last = cut({0: 1}), cut({73: 1})
    assert first.beat_time.tolist() == pytest.approx([0.5 + 0.8 * k for k in range(12) if k != 4])
    assert first.beat_symbol.tolist() == [*"NNNVNNNNNNN"]
    assert last.beat_time[-1] == pytest.approx(9.7)
    assert len(last.signal) == 1000


def test_a_record_shorter_than_the_excerpt_is_shown_whole():
    shown = cut({1: 1}, seconds=4)
    assert len(shown.signal) == 400
    assert len(shown.beat_time) == 4


def test_only_test_beats_have_a_predicted_class():
    made = recording()
    shown = excerpt(made, made.sample[10:11], np.array([0]), np.array([1]))
    assert sorted(shown.predicted) == [""] * (len(shown.predicted) - 1) + ["S"]
    assert shown.wrong.sum() == 1


def test_the_header_is_put_into_words():
    words = "Woman, 76 years; medication: Aldomet, Inderal. The rhythm is slow. There are long pauses."
    assert about(HEADER) == words
    assert about(("-1 M 742 654 x1", "None")) == "Man, age unknown; medication: None."
    assert about(("Simulated beats,  no patient",)) == "Simulated beats, no patient"
    assert about(()) == ""


def test_the_figure_marks_mistakes_and_carries_the_remarks():
    excerpts = [cut({40: 2, 41: 2}, name=name) for name in ("232", "222")]
    figure = worst_figure(excerpts, title="RNN")
    axes = figure.axes[0]
    bold = [text.get_text() for text in axes.texts if text.get_weight() == "bold"]
    assert bold == ["V", "V"]
    assert axes.get_title(loc="left") == excerpts[0].caption
    assert "Aldomet" in axes.texts[-1].get_text()
    assert len(figure.axes) == 2


def test_the_figure_is_reproducible_and_takes_no_excerpts(tmp_path):
    for name in "ab":
        save_png(tmp_path / f"{name}.png", worst_figure([cut({40: 2})], title="RNN"))
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    nothing = worst_figure([], title="RNN")
    assert nothing.get_suptitle() == "RNN: none"
    save_png(tmp_path / "none.png", nothing)
