import numpy as np
import pytest

from arrhythmia.evaluation.tables import records_table
from arrhythmia.figures.records import records_map
from arrhythmia.figures.style import save_png


def table_of(records):
    counts = np.zeros((records, 5, 5), np.int64)
    counts[:, 0, 0], counts[0, 1, 1], counts[0, 1, 0], counts[-1, 2, 2] = 1000, 1200, 300, 8
    return records_table(np.array([f"r{number:02d}" for number in range(records)]), counts)


def cells(axes):
    return {
        (round(text.get_position()[1]), round(text.get_position()[0])): text.get_text() for text in axes.texts
    }


def test_a_row_tells_beats_and_rates():
    axes = records_map(table_of(3), title="DS2").axes[0]
    drawn = cells(axes)
    assert [drawn[0, column] for column in range(6)] == ["1,500", "80", "100", "0", "–", "–"]
    assert [drawn[2, column] for column in range(6)] == ["0", "–", "–", "8", "100", "100"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["r00", "r01", "r02"]


@pytest.mark.parametrize(("records", "panels"), [(1, [1]), (24, [24]), (25, [13, 12]), (48, [24, 24])])
def test_many_records_stand_side_by_side(records, panels):
    every = records_map(table_of(records), title="").axes[:-1]  # the last is the colour bar
    assert [len(axes.get_yticks()) for axes in every] == panels


def test_it_is_small_and_reproducible(tmp_path):
    for name in "ab":
        save_png(tmp_path / f"{name}.png", records_map(table_of(48), title="DS2"))
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.png").stat().st_size < 150_000
