import gzip

import numpy as np
import pandas as pd
import pytest

from arrhythmia.errors import DataError
from arrhythmia.kaggle.match import beats_table, match_rows, read_windows

RNG = np.random.default_rng(0)
KNOWN = (RNG.integers(0, 300, (40, 187)) / 299).astype(np.float32)
NAMES = ",".join(f"t{i}" for i in range(187))


def saved(path, *columns, header=None, fmt="%.18e"):
    table = np.column_stack(columns)
    np.savetxt(path, table, delimiter=",", fmt=fmt, header=header or "", comments="")
    if not header:
        path.write_text(path.read_text().lstrip("\n"))
    return path


@pytest.mark.parametrize("label", [None, [0, 4, 2]])
@pytest.mark.parametrize("number", [None, [7, 3, 12]])
@pytest.mark.parametrize("named", [False, True])
def test_any_layout_is_read(tmp_path, number, label, named):
    columns = [part for part in (number, KNOWN[:3], label) if part is not None]
    header = None
    if named:
        header = ("," if number else "") + NAMES + (",label" if label else "")
    waveform, found = read_windows(saved(tmp_path / "rows.csv", *columns, header=header))
    np.testing.assert_array_equal(waveform, KNOWN[:3])
    assert (None if found is None else found.tolist()) == label


@pytest.mark.parametrize("index", [True, False])
def test_a_header_of_numbers_as_pandas_writes_it(tmp_path, index):
    path = tmp_path / "rows.csv"
    pd.DataFrame(np.column_stack([KNOWN, np.ones(40)])).to_csv(path, index=index)
    waveform, label = read_windows(path)
    np.testing.assert_array_equal(waveform, KNOWN)
    assert set(label) == {1}


def test_the_first_row_that_pandas_took_for_a_header(tmp_path):
    path = saved(tmp_path / "rows.csv", KNOWN, np.zeros(40))
    again = tmp_path / "again.csv"
    pd.read_csv(path).to_csv(again, index=False)  # names such as 1.000000000000000000e+00.1
    assert len(read_windows(again)[0]) == 39


def test_compressed_file(tmp_path):
    path = saved(tmp_path / "rows.csv", KNOWN)
    packed = tmp_path / "rows.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    np.testing.assert_array_equal(read_windows(packed)[0], KNOWN)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "not a table of numbers"),
        ("0.5,0.5\n", "2 columns; expected 187 values"),
        (NAMES + "\n" + ",".join(["0.5"] * 186 + ["x"]) + "\n", "not a table of numbers"),
        (",".join(["0.5"] * 187) + "\n" + ",".join(["0.5"] * 9 + ["-0.5"] * 178) + "\n", "value 9 of row 1"),
        (",".join(["0.5"] * 187) + "\n" + ",".join(["0.5"] * 186 + [""]) + "\n", "value 186 of row 1 .* nan"),
        (NAMES + "\n", "not a table of numbers"),
    ],
)
def test_what_cannot_be_read_ends_in_one_line(tmp_path, content, said):
    path = tmp_path / "rows.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=said) as caught:
        read_windows(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_missing_file_and_folder(tmp_path):
    for path in (tmp_path / "gone.csv", tmp_path):
        with pytest.raises(DataError, match=f"{path}: "):
            read_windows(path)


def test_the_very_same_numbers_are_found_in_any_order():
    order = RNG.permutation(40)
    beat, count, difference = match_rows(KNOWN[order], KNOWN, tolerance=0)
    assert beat.tolist() == order.tolist()
    assert set(count) == {1}
    assert set(difference) == {0}


@pytest.mark.parametrize(("decimals", "tolerance"), [(3, 0.001), (2, 0.0051)])
def test_rounded_numbers_are_found_by_the_nearest_beat(decimals, tolerance):
    beat, count, difference = match_rows(KNOWN.round(decimals), KNOWN, tolerance=tolerance)
    assert beat.tolist() == list(range(40))
    assert set(count) == {1}
    assert 0 < difference.max() <= tolerance


def test_a_row_beyond_the_tolerance_matches_nothing():
    row = KNOWN[:2].copy()
    row[:, 186] += [0.002, -0.0005]  # no column of the search tree
    beat, count, difference = match_rows(row, KNOWN, tolerance=0.001)
    assert beat.tolist() == [-1, 1]
    assert count.tolist() == [0, 1]
    assert np.isnan(difference[0])


def test_a_row_that_matches_several_beats_is_left_open():
    known = np.concatenate([KNOWN, KNOWN[:1], KNOWN[1:2] + np.float32(0.0002)])
    beat, count, difference = match_rows(KNOWN[:2] + np.float32([[0], [0.0001]]), known, tolerance=0.001)
    assert beat.tolist() == [-1, -1]
    assert count.tolist() == [2, 2]
    assert difference[0] == 0
    assert difference[1] == pytest.approx(0.0001, abs=1e-6)


def test_no_rows():
    assert [len(part) for part in match_rows(KNOWN[:0], KNOWN, tolerance=0.1)] == [0, 0, 0]


def test_the_table_names_the_beat(make_beats):
    beats = make_beats([0, 2, 4], record=np.array(["101", "100", "102"]))
    fold = pd.DataFrame({"record": ["100"], "annotation": [1]})
    table = beats_table(beats, fold, np.array([1, -1, 2, 0]), np.array([1, 2, 1, 1]), np.zeros(4))
    assert list(table) == "row record sample symbol class division kaggle matches difference".split()
    assert table.loc[0].tolist() == [0, "100", 300, "V", "V", "DS2", "test", 1, 0]
    assert table.loc[1, "record":"kaggle"].isna().all()
    assert table.loc[1, "matches"] == 2
    assert table["division"].tolist()[2:] == ["paced", "DS1"]
    assert table["kaggle"].tolist()[2:] == ["train", "train"]


def test_real_rows(reference_data, real_beats):
    beats = real_beats["kaggle"]
    waveform, _ = read_windows(reference_data / "kaggle" / "known_rows_test.csv")
    beat, count, _ = match_rows(waveform, beats.waveform, tolerance=0)
    assert set(count) == {1}
    published = pd.read_csv(reference_data / "kaggle" / "test_fold.csv", dtype={"record": str}, nrows=5)
    for column in ("record", "sample", "symbol"):
        np.testing.assert_array_equal(getattr(beats, column)[beat], published[column])


def test_real_rows_of_three_decimals(real_beats):
    known = real_beats["kaggle"].waveform
    rows = np.arange(0, len(known), 50)
    beat, count, _ = match_rows(known[rows].round(3), known, tolerance=0.001)
    np.testing.assert_array_equal(beat, rows)
    assert set(count) == {1}
