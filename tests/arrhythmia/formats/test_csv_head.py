"""What the lines above a table tell: the rate, the unit, and the columns of programs that say them there."""

import pytest

from arrhythmia.errors import DataError
from arrhythmia.formats.csv_head import head_unit
from arrhythmia.formats.csv_layout import find_column, find_layout
from arrhythmia.formats.csv_rate import head_rate
from arrhythmia.formats.csv_table import read_column


@pytest.mark.parametrize(
    ("line", "unit"),
    [
        *((f"{name},µV", "µV") for name in ("Unit", "Einheit", "Unité", "Enhet", "Unidad", "単位", "단위")),
        ("Units: mV", "mV"),
        ("Amplitude unit = uV", "uV"),
        ("Unit,mV,", "mV"),
        ("UnitName=\tmV", "mV"),
        ("Gain: 200 adu/mV", ""),
        ("Range: 5 mV", ""),
        ("10 mm/mV", ""),
        ("Lead,V", ""),
        ("Range: V", ""),
        ("Battery,V,", ""),
        ("Calibration uV", ""),
    ],
)
def test_the_unit_before_a_table(line, unit):
    assert head_unit(["Name,J. Doe", line, "Device: V 3"]) == unit


def test_two_units_are_none():
    assert head_unit(["Unit,V", "Unit: mV"]) == ""


LABCHART = """Interval=\t0.001 s
ExcelDateTime=\t4.3749464322749809e+04\t10/11/19 11:08:37.485584
TimeFormat=\tStartOfBlock
DateFormat=\t
ChannelTitle=\tResp\tECG
Range=\t10.000 V\t500.0 uV
{}TopValue=\t*\t*
BottomValue=\t*\t*
"""


@pytest.mark.parametrize(
    ("line", "units"),
    [
        ("UnitName=\t*\t*\n", ("s", "V", "uV")),
        ("UnitName=\t*\tmV\n", ("s", "V", "mV")),
        ("", ("s", "V", "uV")),
    ],
)
def test_a_file_of_labchart_tells_its_columns(tmp_path, line, units):
    path = tmp_path / "r.txt"
    path.write_text(LABCHART.format(line) + "".join(f"{i / 1000:.5f}\t0.5\t-0.{i}45\n" for i in range(9)))
    layout = find_layout(path, decimal=None)
    assert (layout.names, layout.units) == (("Time", "Resp", "ECG"), units)
    assert layout.line == LABCHART.count("\n") + line.count("\n") + 1
    assert find_column(layout, None, path) == 2
    assert head_rate(layout.head) == 1000


def test_comments_of_labchart_are_passed_over_and_a_second_block_is_named(tmp_path):
    lines = [f"{i / 1000:.5f}\t0.5\t-0.{i % 10}45" for i in range(300)]
    lines[0] += "\t#* start"
    lines[4] += "\t#2 stim on, 5 mA"
    path, head = tmp_path / "r.txt", LABCHART.format("")
    path.write_text(head + "\n".join(lines) + "\n")
    layout = find_layout(path, decimal=None)
    found = read_column(path, layout, 2, fs=1000, decimal=None, time=None)
    assert found.samples.length == 300
    assert found.notes == ["comments at the ends of 2 lines are not read"]
    path.write_text(2 * (head + "\n".join(lines) + "\n"))
    with pytest.raises(DataError, match=r"r\.txt, line 309: a second block begins, 'Interval=.*save each"):
        read_column(path, find_layout(path, decimal=None), 2, fs=1000, decimal=None, time=None)


@pytest.mark.parametrize(
    ("head", "row", "names", "units", "column"),
    [
        ("1 channels\nECG\nmV\nCH1\n9\n", "-0.{}45", ("ECG",), ("mV",), 0),
        ("1 channels\nEKG - ERS100C\nmV\nsec\tCH1\t\n\t9\t\n", "{0}.5\t-0.{0}45\t", None, None, 1),
        ("2 channels\nECG\nmV\nRSP, X\nVolts\nCH1\tCH3\n9\t9\n", "-0.{}45\t0", ("ECG", "RSP, X"), None, 0),
        (
            "1 channels\nSurface ECG\nmV\nsec,CH1,\n,9,\n",
            "{0},-0.{0}45,",
            ("sec", "Surface ECG", ""),
            None,
            1,
        ),
    ],
)
def test_a_file_of_acqknowledge_tells_its_columns_and_how_many_samples_there_are(
    tmp_path, head, row, names, units, column
):
    path = tmp_path / "r.txt"
    path.write_text("s.acq\n4 msec/sample\n" + head + "".join(row.format(i) + "\n" for i in range(9)))
    layout = find_layout(path, decimal=None)
    assert names is None or layout.names == names
    assert units is None or layout.units == units
    assert layout.line == head.count("\n") + 3
    assert find_column(layout, None, path) == column
    assert head_rate(layout.head) == 250


@pytest.mark.parametrize(
    "head",
    [
        "3 channels\nECG\nmV\n",
        "1 channels\nfs: 250\nUnit: uV\nDevice\n",
        "1 channels\nECG\n",
        "1 channels\nfs: 250\nUnit: uV\n",
    ],
)
def test_channels_that_the_head_does_not_tell_keep_their_names(tmp_path, head):
    path = tmp_path / "r.txt"
    path.write_text("s.acq\n" + head + "CH1\n" + "".join(f"0.{i}\n" for i in range(9)))
    assert find_layout(path, decimal=None).names == ("CH1",)


def test_a_range_that_is_missing_gives_no_unit(tmp_path):
    path = tmp_path / "r.txt"
    head = LABCHART.format("").replace("10.000 V", " ")
    path.write_text(head + "".join(f"{i / 1000:.5f}\t0.5\t-0.{i}45\n" for i in range(9)))
    assert find_layout(path, decimal=None).units == ("s", "*", "uV")


def test_two_devices_of_opensignals_stand_side_by_side(tmp_path):
    device = '"sampling rate": 1000, "sensor": ["{}"], "label": ["CH1"], "column": ["nSeq", "DI", "CH1"]'
    both = ", ".join(f'"{i}": {{{device.format(sensor)}}}' for i, sensor in enumerate(("EDA", "ECG")))
    path = tmp_path / "r.txt"
    path.write_text(f"# {{{both}}}\n# EndOfHeader\n" + "".join(f"{i}\t0\t7\t{i}\t0\t512\n" for i in range(9)))
    layout = find_layout(path, decimal=None)
    assert layout.names == ("nSeq", "DI", "CH1 EDA", "nSeq", "DI", "CH1 ECG")
    assert find_column(layout, None, path) == 5
