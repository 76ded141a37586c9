import subprocess
import sys

import numpy as np
import pytest
from matplotlib.image import imread

from arrhythmia.aami import CLASSES
from arrhythmia.evaluation import curves
from arrhythmia.figures import scores, style
from arrhythmia.figures.style import COLOURS, save_png
from arrhythmia.scoring import metrics


def words(figure):
    """Every text drawn in the figure."""
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


def predictions(beats=400):
    rng = np.random.default_rng(0)
    label, probability = rng.integers(0, 5, beats), rng.dirichlet(np.ones(5), beats)
    probability[np.arange(beats), label] += 0.4
    return label, probability / 1.4


def confusion_figure():
    counts = np.zeros((5, 5), int)
    counts[0, 0], counts[0, 1], counts[2, 2] = 1500, 500, 7
    return scores.confusion_matrix(counts, title="CNN, synthetic recordings")


def curves_figure():
    data = predictions()
    return scores.class_curves(curves.precision_recall(*data), curves.roc(*data), title="curves")


def reliability_figure():
    bins = metrics.reliability(*predictions())
    return scores.reliability_diagram(bins, error=metrics.calibration_error(bins), title="reliability")


def training_figure():
    loss = {"train": np.array([1.0, 0.5, 0.2]), "val": np.array([1.1, 0.6, 0.7])}
    rate = np.array([2e-3, 1e-3, 0])
    return scores.training_curves(loss, {"val": np.array([0.3, 0.6, 0.5])}, rate, title="RNN")


def risk_coverage_figure():
    return scores.risk_coverage_curves(metrics.risk_coverage(*predictions()), title="RNN")


FIGURES = [confusion_figure, curves_figure, reliability_figure, training_figure, risk_coverage_figure]


@pytest.mark.parametrize("draw", FIGURES)
def test_the_bytes_depend_on_the_picture_alone(draw, tmp_path):
    for name in ("first.png", "second.png"):
        save_png(tmp_path / name, draw())
    content = (tmp_path / "first.png").read_bytes()
    assert content == (tmp_path / "second.png").read_bytes()
    assert len(content) < 150_000
    assert b"tEXt" not in content
    assert b"tIME" not in content
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.png", "second.png"]


def test_the_readers_own_matplotlibrc_changes_nothing(tmp_path):
    import matplotlib

    save_png(tmp_path / "plain.png", confusion_figure())
    with matplotlib.rc_context(
        {"font.size": 30, "figure.dpi": 50, "savefig.dpi": 40, "axes.facecolor": "red"}
    ):
        save_png(tmp_path / "styled.png", confusion_figure())
    assert (tmp_path / "plain.png").read_bytes() == (tmp_path / "styled.png").read_bytes()


def test_a_picture_that_fails_half_way_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_text("old")

    def fail(image, target, **options):
        target.write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr(style.Image.Image, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        save_png(path, confusion_figure())
    assert [(item.name, item.read_text()) for item in tmp_path.iterdir()] == [("a.png", "old")]


def test_few_colours_keep_the_background_white(tmp_path):
    save_png(tmp_path / "a.png", confusion_figure())
    assert imread(tmp_path / "a.png")[2, 2, :3].tolist() == [1, 1, 1]


def test_confusion_matrix_shows_counts_and_row_percentages():
    texts = words(confusion_figure())
    assert "1,500\n75.0 %" in texts
    assert "7\n100.0 %" in texts
    assert "0\n–" in texts  # a class without beats has no percentage
    assert "N (2,000)" in texts
    assert "CNN, synthetic recordings" in texts


def test_curves_name_each_class_with_its_area():
    label, probability = predictions()
    texts = words(curves_figure())
    for curve in curves.precision_recall(label, probability) + curves.roc(label, probability):
        assert f"{curve.name} {curve.area:.3f}" in texts


def test_reliability_diagram_draws_accuracy_and_beats():
    upper, lower = reliability_figure().axes
    bins = metrics.reliability(*predictions())
    assert [bar.get_height() for bar in lower.patches] == bins["beats"].tolist()
    assert [bar.get_height() for bar in upper.patches] == np.nan_to_num(bins["accuracy"]).tolist()


def test_training_curves_count_epochs_from_one():
    loss, macro_f1, rate = training_figure().axes
    assert [line.get_label() for line in loss.lines] == ["train", "val"]
    assert macro_f1.lines[0].get_ydata().tolist() == [0.3, 0.6, 0.5]
    assert rate.lines[0].get_xdata().tolist() == [1, 2, 3]


def test_a_learning_rate_that_ends_at_zero_is_shown_to_the_end():
    rate = training_figure().axes[2]
    assert rate.get_yscale() == "linear"
    assert rate.lines[0].get_ydata().tolist() == [2e-3, 1e-3, 0]
    assert rate.get_ylim()[0] == 0


def test_a_training_of_one_epoch_can_be_drawn(tmp_path):
    one = np.array([0.5])
    for rate in (one, 0 * one):
        figure = scores.training_curves({"train": one}, {"val": one}, rate, title="")
        save_png(tmp_path / "one.png", figure)


def test_risk_coverage_curves_draw_percentages():
    error, f1 = risk_coverage_figure().axes
    curve = metrics.risk_coverage(*predictions())
    assert error.lines[0].get_ydata().tolist() == (100 * curve["error"]).tolist()
    assert f1.lines[0].get_ydata().tolist() == curve["macro_f1_nsv"].tolist()
    assert error.lines[0].get_xdata()[-1] == 50


def test_every_class_has_its_colour():
    assert set(COLOURS) == set(CLASSES)
    assert len(set(COLOURS.values())) == 5


def test_figures_need_no_pyplot():
    modules = "arrhythmia.figures.strips, arrhythmia.figures.records"
    code = f"import sys, {modules}; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
