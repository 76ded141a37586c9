"""Where the table begins, what its columns are called, and what stands before it."""

import pytest

from arrhythmia.errors import DataError
from arrhythmia.formats.csv_layout import find_column, find_layout, head_rate, head_unit

DATA = [0.1, 0.25, -0.3, 1.2, 0.4]


def table(path, head, separator=","):
    """Write numbered samples below a head."""
    rows = "".join(f"{i}{separator}{x}\n" for i, x in enumerate(DATA))
    path.write_text(head + (rows if separator else "".join(f"{x}\n" for x in DATA)))
    return path


@pytest.mark.parametrize(
    ("head", "separator", "names", "units"),
    [
        ("n,ecg\n", ",", ("n", "ecg"), ("", "")),
        ("sep=;\nn;EKG\n", ";", ("n", "EKG"), ("", "")),
        ("Patient;X\nDevice;Holter 3\nRate;360 Hz\n\nn;ECG\n", ";", ("n", "ECG"), ("", "")),
        ("Name,J. Doe\nSample rate,360 Hz\nn,ECG\n", ",", ("n", "ECG"), ("", "")),
        ("Abtastrate: 360,0 Hz\nn;EKG\n", ";", ("n", "EKG"), ("", "")),
        (
            "'Elapsed time','MLII'\n'hh:mm:ss.mmm','mV'\n",
            ",",
            ("Elapsed time", "MLII"),
            ("hh:mm:ss.mmm", "mV"),
        ),
        ("n\tII\n(-)\t(uV)\n", "\t", ("n", "II"), ("(-)", "(uV)")),
        ("made by a device, of 3 leads\n", ";", ("1", "2"), ("", "")),
        ("# n,ecg\n", ",", ("n", "ecg"), ("", "")),
        ("Recorded on Monday\necg_uV\n", "", ("ecg_uV",), ("",)),
        ("Unit,µV\n\n", "", ("1",), ("",)),
    ],
)
def test_names_stand_right_above_the_first_numbers(tmp_path, head, separator, names, units):
    layout = find_layout(table(tmp_path / "r.csv", head, separator))
    assert (layout.names, layout.units) == (names, units)
    assert layout.line == head.count("\n") + 1


def test_words_in_a_column_do_not_hide_its_table(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("ecg,note\n" + "".join(f"{x},beat {i}\n" for i, x in enumerate(DATA)))
    assert find_layout(path).names == ("ecg", "note")


@pytest.mark.parametrize(
    ("head", "rate"),
    [
        ("# 250 Hz\n", 250),
        ("Sampling rate: 512\n", 512),
        ("Abtastrate: 360,0 Hz\n", 360),
        ("fs = 0.5 kHz\n", 500),
        ("Sample rate: 360 Hz, lowpass 150 Hz\n", 360),
        ("# Lowpass 150 Hz\n", None),
        ("# Bandpass 0.5-150 Hz\n", None),
        ("Heart rate 107\n", None),
        ("Pulse rate: 72\nNotch filter: 50 Hz\n", None),
        ("# 250 Hz\n# 500 Hz\n", None),
    ],
)
def test_the_rate_of_a_filter_or_of_the_heart_is_none_of_sampling(tmp_path, head, rate):
    assert head_rate(find_layout(table(tmp_path / "r.csv", head + "n,ecg\n"))) == rate


def test_the_unit_before_a_table(tmp_path):
    assert head_unit(find_layout(table(tmp_path / "r.csv", "Unit,µV\n\n", ""))) == "µV"


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("time,ecg_quality,voltage", 2),
        ("time,ECG_Off,voltage", 2),
        ("time,ECG HR,raw", 2),
        ("time,ecg,voltage", 1),
        ("sample,ecg", 1),
        ("time,ecg_quality", 1),
    ],
)
def test_a_column_of_quality_is_no_ecg(tmp_path, names, found):
    path = tmp_path / "r.csv"
    path.write_text(names + "\n" + 5 * ",".join(["1"] * len(names.split(","))).join(["", "\n"]))
    assert find_column(find_layout(path), None, path) == found


@pytest.mark.parametrize(("ends", "spaced"), [("\n\n", True), ("\r\n\r\n", True), ("\n", False)])
def test_every_second_line_may_be_blank(tmp_path, ends, spaced):
    path = tmp_path / "r.csv"
    path.write_bytes(ends.join(["ecg", *map(str, DATA), ""]).encode())
    assert find_layout(path).spaced == spaced


def test_carriage_returns_alone_are_said_of_a_long_file_too(tmp_path):
    path = tmp_path / "r.csv"
    path.write_bytes(b"n,ecg\r" + 20_000 * b"0,0.1\r")
    with pytest.raises(DataError, match=r"r\.csv, line 1: a carriage return within it"):
        find_layout(path)
