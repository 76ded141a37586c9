"""What the lines above a table tell: the rate, the unit, and the columns of programs that say them there."""

import pytest

from arrhythmia.formats.csv_head import head_rate, head_unit
from arrhythmia.formats.csv_layout import find_column, find_layout


@pytest.mark.parametrize(
    ("head", "rate"),
    [
        ("# 250 Hz\n", 250),
        ("Sampling rate: 512\n", 512),
        ("Sampling rate (Hz): 360\n", 360),
        ("Sampling Rate [Hz];250\n", 250),
        ("Abtastrate: 360,0 Hz\n", 360),
        ("fs = 0.5 kHz\n", 500),
        ("Sample rate: 360 Hz, lowpass 150 Hz\n", 360),
        ("# Lowpass 150 Hz\n", None),
        ("# Bandpass 0.5-150 Hz\n", None),
        ("Heart rate 107\n", None),
        ("Pulse rate: 72\nNotch filter: 50 Hz\n", None),
        ("# 250 Hz\n# 500 Hz\n", None),
        ("Sampling rate: 1,000 Hz\n", 1000),
        ("rec.acq\n4 msec/sample\n1 channels\nECG (.05 - 150 Hz)\n", 250),
        ("Sampling interval: 4 ms\nHigh cut: 150 Hz\n", 250),
        ("Interval=\t0.001 s\n", 1000),
        ("Abtastintervall: 2,5 ms\n", 400),
        ("PR interval: 160 ms\nRate: 250 Hz\n", 250),
        ("Sampling rate: 250 Hz\nVentricular rate: 112 bpm\n", 250),
        ("Bandwidth: 0.05-150 Hz\n", None),
        ("ECG 0.05~150 Hz\nFiltre: 100 Hz\n", None),
        ("Sampling rate: 500 Hz (bandwidth 150 Hz)\n", 500),
        ("HP monitor, sampling rate 500 Hz\n", 500),
        ("ECG (high resolution): 500 Hz\nMotion: 100 Hz\n", None),
        ("Event recorder LP-12 250 Hz\n", 250),
        ("ECG 250 Hz 10 mm/mV 25 mm/s 60/min\n", 250),
        ("Sampling rate: 360 Hz\nSampling interval: 2.778 ms\nInterval: 10 s\n", 360),
        ("Abtastrate: 2,048 kHz\n", 2048),
        ("Sampling interval: 4,000 ms\n", 250),
        ("Fréquence d'échantillonnage : 500 Hz\n", 500),
        ("Frecuencia de muestreo: 250 Hz\nFiltro: 40 Hz\n", 250),
        ("Filtro: 150 Hz\nPasse-bas : 100 Hz\n", None),
        ("Sampling interval: 4,000 us\n", 250),
        ("HR sampling rate: 1 Hz\nECG sampling rate: 250 Hz\n", 250),
        ("FS-128 recorder 250 Hz\n", 250),
        ("Sampling rate: 500 Hz\nAC: 50 Hz\n", 500),
        ("Sampling rate (kHz): 1\n", 1000),
        ("Ventricular rate: 112 bpm\n", None),
        ("Vent. Rate,112\nRate,112\n", None),
        ("Sample Rate (Hz),500,500\n", 500),
        ("Sampling Rate;1000;1000;1000\n", 1000),
        ("Sample Rate (Hz),250,250,4\n", None),
        ("Upper frequency: 150 Hz\n", None),
        ("High Freq: 150 Hz\nHFF 100 Hz\nAntialiasing 150Hz\nAC 50 Hz\nMuscle 35 Hz\n", None),
        ("Original sampling rate: 1000 Hz, exported at 250 Hz\n", 250),
        ("Impedance sampling rate: 100 Hz\nGSR sampling rate: 128 Hz\nBVP sampling rate 64 Hz\n", None),
        ("Data rate: 115200 baud\n", None),
        ("Sampling rate: 8-bit 250 Hz\n", 250),
        ("Frecuencia de muestreo,512,922 hercios\n", 512.922),
        ("サンプルレート,512ヘルツ\n", 512),
        ("采样率,512 赫兹\n", 512),
        ("샘플 레이트,512헤르츠\n", 512),
        ("Частота дискретизации,512 герц\n", 512),
        ("Original sampling rate: 360 Hz\n", 360),
        ("Origin: MITDB sampling rate: 360 Hz\n", 360),
        ("Sampling rate,250,bits,12\n", 250),
        ("# fs=250 bits=12\n", 250),
        ("Sampling rate [Hz];250,0;250,0\n", 250),
        ("ECG AC coupled 250 Hz\n", 250),
        ("Upper body ECG 250 Hz\n", 250),
        ("High frequency ECG 1000 Hz\n", 1000),
        ("1" * 99_000 + "\n", None),
        ("fs=1 " * 20_000 + "\n", 1),
        ("Częstotliwość próbkowania,512 herców\n", 512),
    ],
)
def test_the_rate_of_a_filter_or_of_the_heart_is_none_of_sampling(head, rate):
    assert head_rate(head.splitlines()) == rate


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
    layout = find_layout(path)
    assert (layout.names, layout.units) == (("Time", "Resp", "ECG"), units)
    assert layout.line == LABCHART.count("\n") + line.count("\n") + 1
    assert find_column(layout, None, path) == 2
    assert head_rate(layout.head) == 1000


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
    layout = find_layout(path)
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
    assert find_layout(path).names == ("CH1",)


def test_a_range_that_is_missing_gives_no_unit(tmp_path):
    path = tmp_path / "r.txt"
    head = LABCHART.format("").replace("10.000 V", " ")
    path.write_text(head + "".join(f"{i / 1000:.5f}\t0.5\t-0.{i}45\n" for i in range(9)))
    assert find_layout(path).units == ("s", "*", "uV")


def test_two_devices_of_opensignals_stand_side_by_side(tmp_path):
    device = '"sampling rate": 1000, "sensor": ["{}"], "label": ["CH1"], "column": ["nSeq", "DI", "CH1"]'
    both = ", ".join(f'"{i}": {{{device.format(sensor)}}}' for i, sensor in enumerate(("EDA", "ECG")))
    path = tmp_path / "r.txt"
    path.write_text(f"# {{{both}}}\n# EndOfHeader\n" + "".join(f"{i}\t0\t7\t{i}\t0\t512\n" for i in range(9)))
    layout = find_layout(path)
    assert layout.names == ("nSeq", "DI", "CH1 EDA", "nSeq", "DI", "CH1 ECG")
    assert find_column(layout, None, path) == 5
