import sys
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from arrhythmia.aami import DS1, DS2, LABELS, PACED
from arrhythmia.datasets import kaggle
from arrhythmia.datasets.kaggle import fault_of, fetch_with_client, load_test_fold, read_rows, unpack
from arrhythmia.errors import DataError

GOOD = ["0.5"] * 187 + ["3.0"]


def text(*rows):
    return "".join(",".join(row) + "\n" for row in rows)


def changed(column, value):
    """Return a good row but for one column, counted from 0."""
    return [*GOOD[:column], value, *GOOD[column + 1 :]]


@pytest.fixture
def table(tmp_path):
    """Return a function that writes a file and returns its path."""

    def write(content, name="rows.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_reads_values_and_labels(table):
    waveform, label = read_rows(table(text(GOOD, changed(0, "1.000000000000000000e+00"))))
    assert waveform.dtype == np.float32
    assert waveform.shape == (2, 187)
    assert waveform[:, 0].tolist() == [0.5, 1.0]
    assert label.dtype == np.int8
    assert label.tolist() == [3, 3]


@given(arrays(np.float32, 187, elements=st.floats(0, 1, width=32)), st.integers(0, 4))
def test_reads_what_was_written_bit_for_bit(tmp_path_factory, values, label):
    path = tmp_path_factory.mktemp("csv") / "rows.csv"
    np.savetxt(path, [np.append(values, np.float32(label))], delimiter=",")
    waveform, labels = read_rows(path)
    assert (waveform[0].tobytes(), labels[0]) == (values.tobytes(), label)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_line_endings(table, ending):
    assert len(read_rows(table(text(GOOD, GOOD).replace("\n", ending)))[1]) == 2


@pytest.mark.parametrize(
    "value", ["-0.001", "1.001", "nan", "", "inf", "1e999", "abc", "True", '"0.5', '"0.5"', "é", "0,5"]
)
@pytest.mark.parametrize("column", [0, 186])
def test_bad_value_is_named_with_its_line(table, value, column):
    path = table(text(GOOD, GOOD, changed(column, value), GOOD))
    expected = "189 columns" if "," in value else f"column {column + 1} is {value!r}"
    with pytest.raises(DataError) as caught:
        read_rows(path)
    assert str(caught.value).startswith(f"{path}, line 3: {expected}")


@pytest.mark.parametrize("label", ["5", "-1", "2.5", "nan", "", "N"])
def test_bad_label_is_named_with_its_line(table, label):
    path = table(text(GOOD, changed(187, label), GOOD))
    with pytest.raises(DataError) as caught:
        read_rows(path)
    assert str(caught.value) == f"{path}, line 2: label {label!r}, expected one of 0..4"


@pytest.mark.parametrize("row", [GOOD[1:], [*GOOD, "0"], ["0.5"], [], [*GOOD, ""]])
@pytest.mark.parametrize("line", [1, 2, 3])
def test_wrong_column_count_is_named_with_its_line(table, row, line):
    rows = [GOOD, GOOD, GOOD]
    rows[line - 1] = row
    path = table(text(*rows))
    with pytest.raises(DataError) as caught:
        read_rows(path)
    assert str(caught.value).startswith(
        f"{path}, line {line}: {max(len(row), 1)} columns, expected 187 values"
    )


def test_wrong_column_count_in_every_row(table):
    with pytest.raises(DataError, match="line 1: 187 columns"):
        read_rows(table(text(GOOD[1:], GOOD[1:])))


def test_header_line_is_refused(table):
    with pytest.raises(DataError, match="line 1: column 1 is 't0'"):
        read_rows(table(text([f"t{column}" for column in range(188)], GOOD)))


@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe", b"PK\x03\x04" * 9])
def test_file_that_is_no_table(table, content):
    path = table(content)
    with pytest.raises(DataError, match=str(path)):
        read_rows(path)


def test_number_that_only_python_reads(table):
    with pytest.raises(DataError, match="not a table of numbers"):
        read_rows(table(text(changed(7, "0.0_1"))))


def test_missing_file(tmp_path):
    with pytest.raises(DataError, match=r"gone.csv: No such file or directory; .*shayanfazeli/heartbeat"):
        read_rows(tmp_path / "gone.csv")


def test_published_files_must_have_the_published_number_of_rows(table):
    with pytest.raises(DataError, match=r"mitbih_train.csv: 1 rows, expected 87554"):
        read_rows(table(text(GOOD), "mitbih_train.csv"))
    with pytest.raises(DataError, match=r"mitbih_test.csv: 2 rows, expected 21892"):
        read_rows(table(text(GOOD, GOOD), "mitbih_test.csv"))


@given(st.lists(st.sampled_from(["0", "1.0", "0.25", "2", "-1", "x", "nan", ""]), min_size=187, max_size=189))
def test_a_row_is_faulty_exactly_when_reading_refuses_it(tmp_path_factory, fields):
    path = tmp_path_factory.mktemp("csv") / "rows.csv"
    path.write_text(text(fields))
    if fault_of(fields):
        with pytest.raises(DataError, match="line 1"):
            read_rows(path)
    else:
        assert len(read_rows(path)[1]) == 1


@pytest.mark.parametrize("part", ["train", "test"])
def test_real_rows(part, reference_data):
    path = reference_data / "kaggle" / f"known_rows_{part}.csv"
    waveform, label = read_rows(path)
    rows = [[float(field) for field in line.split(",")] for line in path.read_text().splitlines()]
    assert np.column_stack([waveform, label]).astype(float).tolist() == rows


def archive(path, **members):
    """Write a zip file; `__` in a name stands for `/`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members.items():
            out.writestr(name.replace("__", "/") + ".csv", content)
    return path


def test_unpacks_the_two_files_alone(tmp_path):
    source = archive(
        tmp_path / "a.zip",
        mitbih_train="1",
        mitbih_test="2",
        ptbdb_normal="3",
        **{"..__evil": "4", "__evil": "5"},
    )
    out = tmp_path / "folder" / "out"
    unpack(source, out)
    assert {path.name: path.read_text() for path in out.iterdir()} == {
        "mitbih_train.csv": "1",
        "mitbih_test.csv": "2",
    }
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        *("a.zip", "folder", "mitbih_test.csv", "mitbih_train.csv", "out")
    ]


def test_member_of_the_same_name_in_a_folder_is_not_taken(tmp_path):
    source = archive(tmp_path / "a.zip", **{"..__mitbih_train": "1", "mitbih_test": "2"})
    with pytest.raises(DataError, match=r"a\.zip: not the archive"):
        unpack(source, tmp_path / "out")


@pytest.mark.parametrize(
    "damage", [slice(0, None), slice(-30, None), slice(40, 46), slice(46, 52), slice(60, 64)]
)
def test_damaged_archive(tmp_path, damage):
    source = archive(tmp_path / "a.zip", mitbih_train="1" * 99999, mitbih_test="2")
    content = bytearray(source.read_bytes())
    content[damage] = b"" if damage.stop is None else b"\xff" * (damage.stop - damage.start)
    source.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.zip: not the archive"):
        unpack(source, tmp_path / "out")
    assert not list((tmp_path / "out").glob("*"))


def test_missing_archive(tmp_path):
    with pytest.raises(DataError, match=r"none\.zip: not the archive .*No such file"):
        unpack(tmp_path / "none.zip", tmp_path / "out")


@pytest.fixture
def client(tmp_path, monkeypatch):
    """Put a stand-in for Kaggle's client on PATH, which saves `a.zip` or ends with an exit code."""
    program = tmp_path / "bin" / "kaggle"
    program.parent.mkdir()
    monkeypatch.setenv("PATH", str(program.parent))

    def install(body):
        program.write_text(f"#!{sys.executable}\nimport pathlib, shutil, sys\n{body}\n")
        program.chmod(0o755)

    return install


def test_client_of_kaggle(tmp_path, client):
    archive(tmp_path / "a.zip", mitbih_train="1", mitbih_test="2")
    client(
        "assert sys.argv[1:-1] == 'datasets download -d shayanfazeli/heartbeat -p'.split()\n"
        f"shutil.copy({str(tmp_path / 'a.zip')!r}, pathlib.Path(sys.argv[-1], 'heartbeat.zip'))"
    )
    out = tmp_path / "out; $(folder)"
    out.mkdir()
    fetch_with_client(out)
    assert sorted(path.name for path in out.iterdir()) == ["mitbih_test.csv", "mitbih_train.csv"]


def test_client_that_fails(tmp_path, client):
    client("sys.exit(3)")
    with pytest.raises(DataError, match=r"`kaggle datasets download .*failed with exit code 3"):
        fetch_with_client(tmp_path)


def test_client_that_saves_nothing(tmp_path, client):
    client("")
    with pytest.raises(DataError, match=r"heartbeat\.zip: not the archive"):
        fetch_with_client(tmp_path)


def test_no_client(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DataError, match=r"pip install kaggle.*download\.kaggle_dir"):
        fetch_with_client(tmp_path)


def test_expected_rows_are_those_published():
    assert kaggle.PUBLISHED_ROWS == {"mitbih_train.csv": 87_554, "mitbih_test.csv": 21_892}


def test_fold():
    fold = load_test_fold()
    assert list(fold.columns) == ["record", "annotation"]
    assert len(fold) == 21_892
    assert not fold.duplicated().any()
    assert set(fold["record"]) == {*DS1, *DS2, *PACED}
    assert fold["annotation"].min() >= 0


def test_fold_is_the_published_one(reference_data):
    published = pd.read_csv(reference_data / "kaggle" / "test_fold.csv", dtype={"record": str})
    fold = load_test_fold()
    np.testing.assert_array_equal(fold["record"], published["record"])
    np.testing.assert_array_equal(fold["annotation"], published["annotation_index"])


def test_fold_points_at_the_published_beats(reference_data, real_beats):
    published = pd.read_csv(reference_data / "kaggle" / "test_fold.csv", dtype={"record": str})
    beats = real_beats["kaggle"]
    table = pd.DataFrame(
        {
            "record": beats.record,
            "annotation": beats.annotation,
            "sample": beats.sample,
            "symbol": beats.symbol,
            "label": beats.label,
        }
    )
    found = load_test_fold().merge(table, how="left", on=["record", "annotation"], validate="one_to_one")
    for column in ("sample", "symbol", "label"):
        np.testing.assert_array_equal(found[column], published[column])
    np.testing.assert_array_equal(np.bincount(published["label"]), [18118, 556, 1448, 162, 1608])
    assert (published["symbol"].map(LABELS) == published["label"]).all()
