import numpy as np

from arrhythmia.cli.comparison import comparison_text

N, V, MISSED = 0, 2, 5


def test_the_table_has_records_gross_and_average():
    one, two = np.zeros((2, 6, 6), dtype=int)
    one[[N, V], [N, V]] = 1
    two[[N, V], [N, MISSED]] = 1
    lines = comparison_text(["a", "b"], np.stack([one, two])).splitlines()
    assert lines[0].split(" | ")[2:4] == ["Q Se", "Q +P"]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    assert [row[0] for row in cells] == ["a", "b", "gross", "average"]
    assert [row[2] for row in cells] == ["100.00", "50.00", "75.00", "75.00"]
    assert [row[4] for row in cells] == ["100.00", "0.00", "50.00", "50.00"]
    assert cells[0][6] == "–"  # no S beats
