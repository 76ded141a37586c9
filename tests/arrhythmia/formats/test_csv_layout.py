"""Where the table begins, what its columns are called, and what stands before it."""

import numpy as np
import pytest

from arrhythmia.errors import DataError
from arrhythmia.formats.csv_layout import find_column, find_layout
from arrhythmia.formats.csv_table import read_column

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
        ("time,V5\ns,mV\n", ",", ("time", "V5"), ("s", "mV")),
        ("t;ECG1\nsec;Volts\n", ";", ("t", "ECG1"), ("sec", "Volts")),
        ("time,ABP\ns,a unit of its own\n", ",", ("time", "ABP"), ("s", "a unit of its own")),
        ("Device,Polar\ns,mV\n", ",", ("Device", "Polar"), ("s", "mV")),
        ("Samples,9\ns,mV\n", ",", ("s", "mV"), ("", "")),
        ("Rate: 9,Gain: 2\ns,mV\n", ",", ("s", "mV"), ("", "")),
        ("Stamp\tII\nno units\tmV\n", "\t", ("Stamp", "II"), ("no units", "mV")),
        ("Patient,\nTime,mV\n", ",", ("Time", "mV"), ("", "")),
        ("ECG export,\ntime,uV\n", ",", ("time", "uV"), ("", "")),
        ("Time base,25 mm/s\nTime,ECG (uV)\n", ",", ("Time", "ECG (uV)"), ("", "")),
        ("Time zone,CET\ns,II\n", ",", ("s", "II"), ("", "")),
        ("Lead,aVF\nTime,V\n", ",", ("Time", "V"), ("", "")),
        ("Recording time,\nTime,ECG\n", ",", ("Time", "ECG"), ("", "")),
        ("Time,ECG\nTime,II\n", ",", ("Time", "II"), ("", "")),
        ("Sampling frequency: 360 Hz\nmV\n", "", ("mV",), ("mV",)),
        ("Device;Holter\nms;ECG\n", ";", ("ms", "ECG"), ("", "")),
        ("# Fs=360, gain=200\nII,V\n", ",", ("II", "V"), ("", "")),
        ("Time Stamp\tECG II\n", "\t", ("Time Stamp", "ECG II"), ("", "")),
        ("time,1\n", ",", ("time", "1"), ("", "")),
    ],
)
def test_names_stand_right_above_the_first_numbers(tmp_path, head, separator, names, units):
    layout = find_layout(table(tmp_path / "r.csv", head, separator), decimal=None)
    assert (layout.names, layout.units) == (names, units)
    assert layout.line == head.count("\n") + 1


@pytest.mark.parametrize(
    ("head", "first"),
    [
        ("ecg\n", "NaN\n"),
        ("ecg\n", "\n"),
        ("ecg\n", "-\n"),
        ("time,ecg\n", "2024-01-01 00:00:00.000,NaN\n"),
        ("time,ecg\n", "2024-01-01 00:00:00.000,\n"),
        ("time,marker,ecg\n", "0.0000,START,-0.105\n"),
    ],
)
def test_lost_samples_and_marks_at_the_start_are_data(tmp_path, head, first):
    path = tmp_path / "r.csv"
    rest = first.replace("START", "").replace("NaN", "1") if "," in first else "0.5\n"
    path.write_text(head + 60 * first + 200 * rest)
    layout = find_layout(path, decimal=None)
    assert layout.names == tuple(head.strip().split(","))
    assert layout.line == 2


@pytest.mark.parametrize(
    ("first", "row", "line"),
    [
        ("0", "0.{}5", 2),  # pandas, without names
        ("7500", "-0.{}5", 1),
        (",0,1", "{0},0.{0}5,7", 2),
        ("0,1", "0.00{0},-0.{0}5", 2),
        ("0", "{}", 1),
        ("0,0", "0.00{0},0.{0}5", 1),
        ("0.5", "0.{}5", 1),
        ("1,2", "{0},0.{0}5", 1),
        ("time,ecg\n,0", "0.{0},{0}00", 2),
        ("ecg\n0", "0.{}5", 2),
        ("ecg\n250", "0.{}5", 2),
        ("time,ecg\n0,1", "0.00{0},0.{0}5", 2),
        ("time,ECG,marker\n0,,0", "0.00{0},0.{0}5,0", 2),
        ("CH1,CH2\n512,512", "51{0},50{0}", 2),
        ("CH1\n514", "514", 2),
        (";", "", 1),
        (",", "{0},0.{0}5", 1),
    ],
)
def test_a_first_line_that_only_counts_is_no_sample(tmp_path, first, row, line):
    path = tmp_path / "r.csv"
    path.write_text(first + "\n" + "".join(row.format(i) + "\n" for i in range(9)))
    assert find_layout(path, decimal=None).line == line


@pytest.mark.parametrize("separator", [",", ";"])
def test_lines_that_excel_has_filled_up_with_separators(tmp_path, separator):
    """As those of Apple's exports are, once they are saved again."""
    path = tmp_path / "r.csv"
    head = ["Name,J. Doe", "Sample Rate,512 hertz", "Unit,µV", ","]
    lines = head + [f"-{i}.5," if separator == "," else f"-{i},5," for i in range(9)]
    text = "\n".join(line[::-1].replace(",", separator, 1)[::-1] for line in lines) + "\n"
    path.write_text(text, encoding="utf-8")
    layout = find_layout(path, decimal=None)
    assert (layout.names, layout.line) == (("1",), 5)
    found = read_column(path, layout, 0, fs=512, decimal=None, time="none")
    np.testing.assert_allclose(found.samples.read(0, 9), -np.arange(9) - 0.5)


@pytest.mark.parametrize("separator", ["\t", ", ", ";"])
@pytest.mark.parametrize("named", [True, False])
def test_a_blank_between_date_and_time_parts_no_columns(tmp_path, separator, named):
    path = tmp_path / "r.csv"
    head = f"Time (UTC){separator}ECG\n" if named else ""
    path.write_text(head + "".join(f"2024-01-01 00:00:0{i}.000{separator}0.{i}\n" for i in range(9)))
    assert find_layout(path, decimal=None).names == (("Time (UTC)", "ECG") if named else ("1", "2"))


@pytest.mark.parametrize("more", ["", ";", ";;"])
def test_columns_at_the_end_may_be_empty(tmp_path, more):
    path = tmp_path / "r.csv"
    path.write_text(f"time;ecg{more}\n" + "".join(f"0,{i};-0,{i}05{more}\n" for i in range(9)))
    assert find_layout(path, decimal=None).names[:2] == ("time", "ecg")
    table = read_column(path, find_layout(path, decimal=None), 1, fs=360, decimal=",", time="none")
    assert table.samples.length == 9


def test_a_line_that_is_otherwise_among_the_numbers_hides_none_before_it(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text(5 * "0.0,1\n" + "# pause\n" + 9 * "0.0,1\n")
    assert find_layout(path, decimal=None).line == 1


def test_words_in_a_column_do_not_hide_its_table(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("ecg,note\n" + "".join(f"{x},beat {i}\n" for i, x in enumerate(DATA)))
    assert find_layout(path, decimal=None).names == ("ecg", "note")


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("time,ecg_quality,voltage", 2),
        ("time,ECG_Off,voltage", 2),
        ("time,ECG HR,raw", 2),
        ("time,ecg,voltage", 1),
        ("sample,ecg", 1),
        ("time,ECG_R_Peaks,signal", 2),
        ("EcgTimestamp,Voltage", 1),
        ("time,I (mV),II (mV),III (mV)", 2),
        ("time,Lead_I,Lead_II", 2),
        ("time,ECG I,ECG II,ECG III", 2),
        ("time,V5,ECG", 2),
        ("time,ACC (g),x", 2),
        ("time,x [mmHg],y", 2),
        ("time,I,aVR,V5", 1),
        ("I,ECG", 1),
        ("i,ECG", 1),
        ("time,ECG Lead II,Thorax", 1),
        ("time,Channel (1) [mmHg],x", 2),
    ],
)
def test_a_column_of_quality_is_no_ecg(tmp_path, names, found):
    path = tmp_path / "r.csv"
    path.write_text(names + "\n" + 5 * ",".join(["1"] * len(names.split(","))).join(["", "\n"]))
    assert find_column(find_layout(path, decimal=None), None, path) == found


@pytest.mark.parametrize(
    "name",
    [
        *(
            "ecg_quality",
            "ppg",
            "Pleth [mV]",
            "ABP",
            "PPG1",
            "Pulse",
            "BreathingWaveform",
            "HeartRate",
            "LeadOff",
        ),
        *("ECG peaks", "AccelX", "finger [kPa]"),
    ],
)
def test_what_is_no_ecg_by_its_name_is_not_taken_where_it_is_alone(tmp_path, name):
    path = tmp_path / "r.csv"
    path.write_text(f"time,{name}\n" + 5 * "1,1\n")
    with pytest.raises(DataError, match=r"no column named; choose .* --column: 1 'time', 2 "):
        find_column(find_layout(path, decimal=None), None, path)
    assert find_column(find_layout(path, decimal=None), "2", path) == 1


@pytest.mark.parametrize(
    "name",
    [
        *(
            "ECG event",
            "ECG_HR_patch",
            "Marker ECG [mV]",
            "Beat ECG",
            "Accurate",
        ),
        *("ECG (g)", "ECG [%]", "Lead G", "Temporal"),
    ],
)
def test_what_is_called_ecg_is_taken_where_it_is_alone(tmp_path, name):
    path = tmp_path / "r.csv"
    path.write_text(f"time,{name}\n" + 5 * "1,1\n")
    assert find_column(find_layout(path, decimal=None), None, path) == 1


@pytest.mark.parametrize(("ends", "spaced"), [("\n\n", True), ("\r\n\r\n", True), ("\n", False)])
def test_every_second_line_may_be_blank(tmp_path, ends, spaced):
    path = tmp_path / "r.csv"
    path.write_bytes(ends.join(["ecg", *map(str, DATA), ""]).encode())
    assert find_layout(path, decimal=None).spaced == spaced


def test_carriage_returns_alone_are_said_of_a_long_file_too(tmp_path):
    path = tmp_path / "r.csv"
    path.write_bytes(b"n,ecg\r" + 20_000 * b"0,0.1\r")
    with pytest.raises(DataError, match=r"r\.csv, line 1: a carriage return within it"):
        find_layout(path, decimal=None)
