from itertools import pairwise

import pytest

from arrhythmia.figures.comparison import comparison
from arrhythmia.figures.style import save_png

SCORES = {"cnn": 0.93, "rnn": 0.91, "forest": 0.8}


def make_cards(*protocols):
    return {
        (protocol, model): {
            "macro_f1_nsv": score - 0.1 * i,
            "ci95": {"macro_f1_nsv": {"low": score - 0.1 * i - 0.05, "high": score - 0.1 * i + 0.02}},
        }
        for i, protocol in enumerate(protocols)
        for model, score in SCORES.items()
    }


def words(figure):
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


@pytest.mark.parametrize("protocols", [["intra_patient", "inter_patient"], ["inter_patient"]])
def test_every_score_has_a_bar_a_number_and_an_interval(protocols):
    figure = comparison(make_cards(*protocols), title="synthetic recordings")
    (axes,) = figure.axes
    expected = [score - 0.1 * i for i in range(len(protocols)) for score in SCORES.values()]
    assert [bar.get_height() for bar in axes.patches] == pytest.approx(expected)
    ends = [line.get_segments()[0][:, 1] for line in axes.collections]
    assert [low for low, _ in ends] == pytest.approx([score - 0.05 for score in expected])
    assert [high for _, high in ends] == pytest.approx([score + 0.02 for score in expected])
    assert {f"{score:.3f}" for score in expected} <= set(words(figure))


def test_names():
    figure = comparison(make_cards("intra_patient", "inter_patient"), title="synthetic recordings")
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["CNN", "RNN", "Forest"]
    assert [label.get_text() for label in axes.get_legend().texts] == ["intra-patient", "inter-patient"]
    assert figure.get_suptitle() == "synthetic recordings"


def test_bars_do_not_overlap():
    axes = comparison(make_cards("intra_patient", "inter_patient"), title="").axes[0]
    spans = sorted((bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))


def test_bytes_depend_on_the_scores_alone(tmp_path):
    for name in ("a.png", "b.png"):
        save_png(tmp_path / name, comparison(make_cards("intra_patient"), title="x"))
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
