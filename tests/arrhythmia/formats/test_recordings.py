import errno
import os
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import edfio
import numpy as np
import pytest
import wfdb

from arrhythmia.errors import DataError
from arrhythmia.formats import csv_table, wfdb_record
from arrhythmia.formats.annotations import read_annotations
from arrhythmia.formats.edf import record_starts
from arrhythmia.formats.leads import choose_lead, millivolts
from arrhythmia.formats.names import recording_name
from arrhythmia.formats.recordings import open_ecg
from tests.arrhythmia.ecg.test_annotations import encoded

SIGNAL = np.round(np.sin(np.arange(1000) / 20), 3)


def write_wfdb(folder, *, header=None, name="r"):
    """Write SIGNAL and twice SIGNAL at 200 units per mV."""
    adu = np.stack([200 * SIGNAL, 400 * SIGNAL], 1).round().astype("<i2")
    adu.tofile(folder / f"{name}.dat")
    lines = header or [f"{name}.dat 16 200 12 0 0 0 0 V5", f"{name}.dat 16 200 12 0 0 0 0 MLII"]
    (folder / f"{name}.hea").write_text("\n".join([f"{name} 2 250 1000", *lines]) + "\n")
    return folder / name


def write_csv(folder, text=None, name="r.csv"):
    lines = "\n".join(["t;ecg", *(f"{i};{x}" for i, x in enumerate(SIGNAL))])
    (folder / name).write_text(lines + "\n" if text is None else text)
    return folder / name


def test_wfdb_takes_the_trained_lead(tmp_path):
    ecg = open_ecg(write_wfdb(tmp_path))
    assert (ecg.name, ecg.fs, ecg.lead, ecg.length) == ("r", 250.0, "MLII", 1000)
    np.testing.assert_allclose(ecg.read(10, 20), 2 * SIGNAL[10:20], atol=0.003)
    assert ecg.read(0, 5).dtype == np.float32


def test_wfdb_unnamed_leads_and_gain_0_mean_200_per_mv(tmp_path):
    ecg = open_ecg(write_wfdb(tmp_path, header=["r.dat 16 0", "r.dat 16 0"]))
    assert ecg.lead == "channel 0"
    np.testing.assert_allclose(ecg.read(0, 1000), SIGNAL, atol=0.003)
    ecg = open_ecg(write_wfdb(tmp_path, header=["r.dat 16 0/uV", "r.dat 16 0/uV"]))
    np.testing.assert_allclose(ecg.read(0, 1000), SIGNAL, atol=0.003)
    with pytest.raises(DataError, match="unit 'mmHg' is no voltage"):
        open_ecg(write_wfdb(tmp_path, header=["r.dat 16 0/mmHg", "r.dat 16 0/mmHg"]), lead="0")


@pytest.mark.parametrize(("lead", "factor"), [("V5", 1), ("0", 1), ("MLII", 2), ("1", 2)])
def test_a_lead_by_name_or_number(tmp_path, lead, factor):
    ecg = open_ecg(write_wfdb(tmp_path).with_suffix(".hea"), lead=lead)
    np.testing.assert_allclose(ecg.read(0, 1000), factor * SIGNAL, atol=0.003)


def test_a_lead_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match=r"no lead 'II'; it has 0 'V5', 1 'MLII'"):
        open_ecg(write_wfdb(tmp_path), lead="II")


def test_units(tmp_path):
    header = ["r.dat 16 200/uV 12 0 0 0 0 V5", "r.dat 16 200/mmHg 12 0 0 0 0 ABP"]
    path = write_wfdb(tmp_path, header=header)
    np.testing.assert_allclose(open_ecg(path).read(0, 9), SIGNAL[:9] / 1000, atol=3e-6)
    np.testing.assert_allclose(open_ecg(path, unit="V").read(0, 9), SIGNAL[:9] * 1000, atol=3)
    with pytest.raises(DataError, match="lead ABP: unit 'mmHg' is no voltage"):
        open_ecg(path, lead="ABP")


@pytest.mark.parametrize(("unit", "factor"), [("mV", 1), ("uV", 0.001), ("V", 1000), ("200", 0.005)])
def test_millivolts(unit, factor):
    assert millivolts(unit, "x") == factor


@pytest.mark.parametrize("unit", ["", "0", "-1", "nan", "mmHg", "inf", "1e-320"])
def test_what_is_no_voltage(unit):
    with pytest.raises(DataError, match="is no voltage"):
        millivolts(unit, "x")


@pytest.mark.parametrize(
    ("names", "units", "channel"),
    [
        (["V1", "II"], ["mV", "mV"], 1),
        (["PLETH", "", ""], ["NU", "mV", "mV"], 1),
        (["EEG", "ECG"], ["uV", "uV"], 1),
        (["Sensor"], ["L"], 0),
        (["v1", "ii"], ["mV", "mV"], 1),
        (["V1", "I"], ["mV", "mV"], 1),
        (["V1", "V5"], ["mV", "mV"], 1),
        (["V1", "aVF", "I"], ["mV", "mV", "mV"], 2),
        (["EKG_Off", "EKG"], ["uV", "uV"], 1),
        (["EEG C3-A2", "ECG"], ["uV", ""], 1),
        (["C3-A2", "EOG-L", "ECG II-Ref"], ["uV", "uV", "uV"], 2),
        (["CH1", "CH2"], ["mV", "mV"], 0),
    ],
)
def test_choice_of_the_lead(names, units, channel):
    assert choose_lead(names, units, None, "r") == channel


def test_a_question_where_no_signal_is_an_ecg_by_its_name():
    with pytest.raises(DataError, match=r"no signal is an ECG .* --lead one of 0 'EEG C3', 1 'EOG'"):
        choose_lead(["EEG C3", "EOG"], ["uV", "uV"], None, "r")
    with pytest.raises(DataError, match=r"no signal is an ECG .* --lead one of 0 'PLETH'"):
        choose_lead(["PLETH"], ["mV"], None, "r")
    with pytest.raises(DataError, match=r"no signal is an ECG .* --lead one of 0 'Pulse Wave', 1 'Chin'"):
        choose_lead(["Pulse Wave", "Chin"], ["uV", "uV"], None, "r")
    assert choose_lead(["PLETH"], ["mV"], "PLETH", "r") == 0
    with pytest.raises(DataError, match="no lead '²'"):
        choose_lead(["II"], ["mV"], "²", "r")


def test_the_lead_that_cannot_be_used_is_named_where_the_others_are_no_ecg(tmp_path):
    assert choose_lead(["II", "ABP"], ["mV", "mV"], None, "r", usable=[1]) == 0
    bdf_or_edf(tmp_path / "r.edf", [("ECG", "mV", 50), ("Pulse Wave", "mV", 200)], bdf=False)
    with pytest.raises(DataError, match="sampling rate of 'ECG' is 50 Hz"):
        open_ecg(tmp_path / "r.edf")


def test_where_none_is_an_ecg_the_question_is_asked():
    with pytest.raises(DataError, match="no signal is an ECG by its name"):
        choose_lead(["EEG", "Light"], ["uV", "V"], None, "r", usable=[0])


def test_which_lead_was_taken_is_said(tmp_path):
    path = write_wfdb(tmp_path, header=["r.dat 16 200 12 0 0 0 0 v1", "r.dat 16 200 12 0 0 0 0 ii"])
    assert open_ecg(path).notes == ("lead ii is taken, of v1, ii (--lead takes another)",)
    assert (open_ecg(path, lead="V1").lead, open_ecg(path, lead="V1").notes) == ("v1", ())


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "r.dat").unlink(),
        lambda folder: (folder / "r.dat").write_bytes(b"\0" * 400),
        lambda folder: (folder / "r.hea").write_text("garbage"),
        lambda folder: (folder / "r.hea").write_bytes(b""),
        lambda folder: (folder / "r.hea").unlink(),
        lambda folder: (folder / "r.hea").write_text("r 0 250 1000\n"),
        lambda folder: (folder / "r.hea").write_text("r 1 50 1000\nr.dat 16 200\n"),
        lambda folder: (folder / "r.hea").write_text("r 1 -250 1000\nr.dat 16 200\n"),
        lambda folder: (folder / "r.hea").write_text("r 1 nan 1000\nr.dat 16 200\n"),
        lambda folder: (folder / "r.hea").write_text("r 3 250 1000\nr.dat 16 200\n"),
        lambda folder: (folder / "r.hea").write_text("r 2 250 1001\nr.dat 16 200\nr.dat 16 200\n"),
    ],
)
def test_damaged_wfdb_is_one_line(tmp_path, damage):
    path = write_wfdb(tmp_path)
    damage(tmp_path)
    with pytest.raises(DataError) as error:
        open_ecg(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_csv(tmp_path):
    ecg = open_ecg(write_csv(tmp_path), column="ecg", fs=250, unit="uV")
    assert (ecg.name, ecg.lead, ecg.length) == ("r", "ecg", 1000)
    np.testing.assert_allclose(ecg.read(5, 9), SIGNAL[5:9] / 1000, rtol=1e-6)


def test_csv_missing_values_are_nan(tmp_path):
    ecg = open_ecg(write_csv(tmp_path, "t,ecg\n0,1\n1,\n2,3\n"), column="ecg", fs=250)
    np.testing.assert_array_equal(ecg.read(0, 3), [1, np.nan, 3])
    alone = open_ecg(write_csv(tmp_path, "ecg\n1\n\n3\n"), column="ecg", fs=250)
    np.testing.assert_array_equal(alone.read(0, 3), [1, np.nan, 3])


@pytest.mark.parametrize(
    ("text", "settings", "words"),
    [
        ("", {"column": "ecg", "fs": 250}, "empty file"),
        ("a,b\n1,2\n", {"fs": 250}, "choose by name or number with --column: 1 'a', 2 'b'"),
        ("a,b\n1,2\n", {"column": "ecg", "fs": 250}, "no column 'ecg'"),
        ("ecg\n1\n", {"column": "ecg"}, "unknown sampling rate; say it with --fs"),
        ("ecg\n1\nx\n", {"column": "ecg", "fs": 250}, "line 3: 'x' is no number"),
        ("ecg\n1\n", {"column": "ecg", "fs": 5}, "sampling rate of 'ecg' is 5 Hz"),
        ("ecg\n1\n", {"column": "ecg", "fs": float("nan")}, "sampling rate of 'ecg' is nan Hz"),
        ("ecg,t,ecg\n1,2,3\n", {"column": "ecg", "fs": 250}, "2 columns are called 'ecg'"),
        ("e\0c\0g\0", {"column": "ecg", "fs": 250}, "no text in UTF-8"),
    ],
)
def test_csv_that_cannot_be_used(tmp_path, text, settings, words):
    with pytest.raises(DataError, match=words):
        open_ecg(write_csv(tmp_path, text), **settings)


def test_csv_of_untidy_writers(tmp_path):
    """A separator more on each line, other columns of one name, a value that no float32 can hold."""
    ecg = open_ecg(write_csv(tmp_path, "ecg,x,x\n1,2,3,\n1e300,2,3,\n"), column="ecg", fs=250)
    np.testing.assert_array_equal(ecg.read(0, 2), [1, np.inf])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data[:100], "100 bytes, shorter than the header of an EDF file"),
        (lambda data: data[:244] + b"0       " + data[252:], "its header gives data records of 0 s"),
    ],
)
def test_an_edf_header_that_says_nothing_is_one_line(tmp_path, change, said):
    edfio.Edf([edfio.EdfSignal(SIGNAL, 100, label="ECG", physical_dimension="mV")]).write(tmp_path / "r.edf")
    data = (tmp_path / "r.edf").read_bytes()
    (tmp_path / "r.edf").write_bytes(change(data))
    with pytest.raises(DataError, match=rf"r\.edf: {said}"):
        open_ecg(tmp_path / "r.edf")


@pytest.mark.parametrize("kept", [0.5, 0.501])
def test_an_edf_file_that_was_cut_short_is_refused(tmp_path, kept):
    edfio.Edf([edfio.EdfSignal(SIGNAL, 100, label="ECG", physical_dimension="mV")]).write(tmp_path / "r.edf")
    data = (tmp_path / "r.edf").read_bytes()
    records = len(data) - 512
    (tmp_path / "r.edf").write_bytes(data[: 512 + int(kept * records)])
    with pytest.raises(DataError, match=r"r\.edf: cut short; its header announces"):
        open_ecg(tmp_path / "r.edf")


def test_an_edf_file_that_does_not_know_its_length(tmp_path):
    """A recorder that has not finished writes -1 for the number of records."""
    edfio.Edf([edfio.EdfSignal(SIGNAL, 100, label="ECG", physical_dimension="mV")]).write(tmp_path / "r.edf")
    data = bytearray((tmp_path / "r.edf").read_bytes())
    data[236:244] = b"-1      "
    (tmp_path / "r.edf").write_bytes(data)
    assert open_ecg(tmp_path / "r.edf").length == 1000


def test_edf(tmp_path):
    signals = [
        edfio.EdfSignal(100 * SIGNAL, 100, label="EEG C3", physical_dimension="uV"),
        edfio.EdfSignal(1000 * SIGNAL, 250, label="ECG II", physical_dimension="uV"),
    ]
    edfio.Edf([signals[1], edfio.EdfSignal(np.zeros(400), 100, label="EEG")]).write(tmp_path / "r.edf")
    ecg = open_ecg(tmp_path / "r.edf")
    assert (ecg.name, ecg.fs, ecg.lead, ecg.length) == ("r", 250.0, "ECG II", 1000)
    np.testing.assert_allclose(ecg.read(100, 200), SIGNAL[100:200], atol=1e-4)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (8, "its header gives no range of values"),
        (16, "the digital min of signal 'ECG' is no number"),
        (24, "its header gives no range"),
    ],
)
def test_edf_whose_range_is_damaged(tmp_path, field, words):
    """The physical range of no extent, a digital end that is no number, the digital range of no extent."""
    path = tmp_path / "r.edf"
    edfio.Edf([edfio.EdfSignal(SIGNAL, 100, label="ECG", physical_dimension="mV")]).write(path)
    data, start = bytearray(path.read_bytes()), 256 + 16 + 80 + 8  # first field: physical minimum
    before = data[start + field - 8 : start + field]
    data[start + field : start + field + 8] = b"abc     " if field == 16 else before
    path.write_bytes(data)
    with pytest.raises(DataError, match=words):
        open_ecg(path)


@pytest.mark.parametrize(
    ("place", "field", "words"),
    [
        (236, b"60.5", "the number of data records in its header is '60.5', not a whole number"),
        (252, b"x", "the number of signals in its header is 'x', not a whole number"),
        (360, b"nan", "the physical min of signal 'ECG' is no number"),
        (472, b"", "the number of samples in a data record of signal 'ECG' in its header is '', not"),
        (472, b"-100", "the number of samples in a data record of signal 'ECG' is -100; correct the header"),
    ],
)
def test_a_field_of_an_edf_header_that_is_no_number_is_named(tmp_path, place, field, words):
    path = tmp_path / "r.edf"
    edfio.Edf([edfio.EdfSignal(SIGNAL, 100, label="ECG", physical_dimension="mV")]).write(path)
    data, width = bytearray(path.read_bytes()), 4 if place == 252 else 8
    data[place : place + width] = field.ljust(width)
    path.write_bytes(data)
    with pytest.raises(DataError, match=rf"r\.edf: {words}"):
        open_ecg(path)


def test_a_range_of_another_signal_that_is_no_number_is_no_matter(tmp_path):
    bdf_or_edf(tmp_path / "r.edf", [("ECG", "mV", 360), ("Marker", "mV", 360)], bdf=False)
    data = bytearray((tmp_path / "r.edf").read_bytes())
    place = 256 + 2 * 104 + 8  # the physical minimum of the second
    data[place : place + 8] = b"N/A".ljust(8)
    (tmp_path / "r.edf").write_bytes(data)
    assert open_ecg(tmp_path / "r.edf").lead == "ECG"


def test_an_edf_file_of_another_version_is_read(tmp_path):
    path = tmp_path / "r.edf"
    edfio.Edf([edfio.EdfSignal(SIGNAL, 100, label="ECG", physical_dimension="mV")]).write(path)
    path.write_bytes(b"1.0     " + path.read_bytes()[8:])
    assert open_ecg(path).fs == 100


def test_damaged_edf_and_missing_files(tmp_path):
    (tmp_path / "r.edf").write_bytes(b"no edf" * 100)
    for path in (tmp_path / "r.edf", tmp_path / "x.edf", tmp_path / "x.csv", tmp_path / "x"):
        with pytest.raises(DataError, match="^" + str(path)):
            open_ecg(path, column="ecg", fs=250)


@pytest.mark.parametrize(
    "line",
    [
        "r 2",
        "r 2 -250 1000",
        "r 2 fast 1000",
        "r 2 250 many",
        "r 2 250.garbage 1000",
        "r 2 2.5e2 1000",
    ],
)
def test_a_header_without_rate_or_with_words_for_numbers(tmp_path, line):
    header = write_wfdb(tmp_path).with_suffix(".hea")
    header.write_text(header.read_text().replace("r 2 250 1000", line))
    with pytest.raises(DataError, match=r"r\.hea: sampling rate (missing|or number of samples is no number)"):
        open_ecg(header)


@pytest.mark.parametrize("line", ["r 2 250/250(0) 1000", "r 2 250.0 1000 12:00:00"])
def test_a_header_may_say_more(tmp_path, line):
    header = write_wfdb(tmp_path).with_suffix(".hea")
    whole = open_ecg(header).read(0, 1000)
    header.write_text(header.read_text().replace("r 2 250 1000", line))
    ecg = open_ecg(header)
    assert (ecg.fs, ecg.length) == (250, 1000)
    np.testing.assert_array_equal(ecg.read(0, 1000), whole)


def test_a_name_that_nobody_can_print():
    assert recording_name(Path(os.fsdecode(b"bad\xff.csv"))) == "bad\ufffd"


def test_a_wfdb_record_may_be_called_by_its_signals(tmp_path):
    write_wfdb(tmp_path)
    for name in ("r", "r.hea", "r.dat"):
        assert open_ecg(tmp_path / name).length == 1000
    (tmp_path / "r.mat").write_bytes(b"")
    assert open_ecg(tmp_path / "r.mat").name == "r"


@pytest.mark.parametrize(
    ("path", "name"),
    [("a/100", "100"), ("100.hea", "100"), ("NIGHT.EDF", "NIGHT"), ("a.1", "a.1"), ("a.1.csv", "a.1")],
)
def test_name_of_a_recording(path, name):
    assert recording_name(Path(path)) == name


def test_a_real_record_of_another_database(reference_data):
    ecg = open_ecg(reference_data / "svdb" / "800")
    assert (ecg.fs, ecg.length) == (128.0, 230400)
    whole = wfdb.rdrecord(str(reference_data / "svdb" / "800")).p_signal[1000:2000, 0]
    np.testing.assert_allclose(ecg.read(1000, 2000), whole, rtol=1e-6)


def peak_of_opening(path, **settings):
    """Return the most memory, in bytes, that opening a recording and reading a piece of it took."""
    tracemalloc.start()
    try:
        ecg = open_ecg(path, **settings)
        assert len(ecg.read(500_000, 501_000)) == 1000
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_long_csv_file_is_not_held_in_memory(tmp_path, monkeypatch):
    (tmp_path / "r.csv").write_text("ecg\n" + "0.5\n" * 2_000_000)  # 8 MB as float32
    open_ecg(tmp_path / "r.csv", column="ecg", fs=250)  # imports are not counted
    monkeypatch.setattr(csv_table, "BLOCK", 80_000)
    assert peak_of_opening(tmp_path / "r.csv", column="ecg", fs=250) < 3e6


def test_a_long_edf_file_is_not_held_in_memory(tmp_path):
    signal = edfio.EdfSignal(np.tile([-1.0, 1.0], 1_000_000), 250, label="ECG", physical_dimension="mV")
    edfio.Edf([signal]).write(tmp_path / "r.edf")  # 4 MB
    open_ecg(tmp_path / "r.edf")
    assert peak_of_opening(tmp_path / "r.edf") < 1e6


def test_a_csv_file_that_does_not_fit_into_the_temporary_folder(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    (tmp_path / "r.csv").write_text("ecg\n" + "0.5\n" * 3000)
    with pytest.raises(DataError, match=r"r\.csv: its samples do not fit into .* \(No space left .*TMPDIR$"):
        open_ecg(tmp_path / "r.csv", column="ecg", fs=250)


def test_units_in_many_spellings(tmp_path):
    for unit, factor in (
        ("uv", 0.001),
        ("µV", 0.001),
        ("\u03bcV", 0.001),
        ("MV", 1),
        ("v", 1000),
        ("nV", 1e-6),
    ):
        assert millivolts(unit, "x") == factor
        path = write_wfdb(tmp_path, header=[f"r.dat 16 200/{unit} 12 0 0 0 0 II", "r.dat 16 200"])
        np.testing.assert_allclose(open_ecg(path).read(0, 9), SIGNAL[:9] * factor, atol=0.003 * factor)
    header = path.with_suffix(".hea")
    header.write_bytes(header.read_text().replace("nV", "µV").encode("latin-1"))
    np.testing.assert_allclose(open_ecg(path).read(0, 9), SIGNAL[:9] / 1000, atol=3e-6)


@pytest.mark.parametrize(
    ("head", "unit", "factor"),
    [
        ("i,ecg\n", None, 1),
        ("i,ecg [uV]\n", None, 0.001),
        ("i,ecg (µV)\n", None, 0.001),
        ("i,ecg [V]\n", None, 1000),
        ("i,ecg (raw)\n", None, 1),
        ("i,ecg [uV]\n", "mV", 1),
        ("i,ecg\ns,uV\n", None, 0.001),
        ("i,ecg_uV\n", None, 0.001),
        ("i,EcgMicrovolts\n", None, 0.001),
        ("i,ECG - ECG100C (Volts)\n", None, 1000),
        ("i,II (microvolt)\n", None, 0.001),
        ("i,ECG V\n", None, 1),
        ("i,lead v\n", None, 1),
        ("i,ECG NV\n", None, 1),
        ("i,ECG (II) [uV]\n", None, 0.001),
    ],
)
def test_the_unit_of_a_column(tmp_path, head, unit, factor):
    ecg = open_ecg(write_csv(tmp_path, head + "0,1\n1,2\n"), column="2", fs=250, unit=unit)
    np.testing.assert_allclose(ecg.read(0, 2), [factor, 2 * factor], rtol=1e-6)


@pytest.mark.parametrize(
    ("head", "factor"),
    [("Unit: V\ni,ecg [uV]\n", 0.001), ("Unit: uV\ni,ecg\n", 0.001), ("Lead: V\ni,ecg\n", 1)],
)
def test_the_unit_of_a_name_comes_before_that_of_the_head(tmp_path, head, factor):
    path = write_csv(tmp_path, head + "".join(f"{i},{i}.5\n" for i in range(9)))
    np.testing.assert_allclose(open_ecg(path, fs=250).read(1, 2), [1.5 * factor], rtol=1e-6)


def test_names_of_signals_that_say_time_or_beat_are_taken():
    for name in ("Real Time ECG", "ECG_time_series", "Thorax_1", "Beat ECG"):
        assert choose_lead([name, "PLETH"], ["mV", "mV"], None, "r") == 0


def test_a_column_by_name_comes_before_one_by_number(tmp_path):
    path = write_csv(tmp_path, "a,1\n5,7\n6,8\n")
    assert open_ecg(path, column="1", fs=250).read(0, 2).tolist() == [7, 8]
    with pytest.raises(DataError, match="with --column: 1 'a', 2 '1'"):
        open_ecg(path, column="3", fs=250)


@pytest.mark.parametrize(("checksum", "notes"), [(None, 0), (0, 0), ("right", 0), (12345, 1), (-12345, 1)])
def test_a_checksum_that_is_wrong_is_said(tmp_path, monkeypatch, checksum, notes):
    monkeypatch.setattr(wfdb_record, "CHECKED", 300)
    right = int((200 * SIGNAL).round().sum()) % 65536
    words = "" if checksum is None else f" 12 0 0 {right if checksum == 'right' else checksum} 0 II"
    ecg = open_ecg(write_wfdb(tmp_path, header=[f"r.dat 16 200{words}", "r.dat 16 200 12 0 0 7 0 V"]))
    said = [note for note in ecg.notes if "checksum" in note]
    assert len(said) == notes
    if notes:
        assert f"have checksum {right}, r.hea says {checksum % 65536}" in said[0]


@pytest.mark.parametrize("kind", ["16:36", "61", "8"])
def test_what_wfdb_gives_otherwise_than_it_stands_in_the_file_has_no_sum(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(wfdb_record, "CHECKED", 300)
    adu = (20 * SIGNAL).round().astype(int)
    data = np.diff(adu, prepend=adu[0]) if kind == "8" else adu
    data.astype({"8": "i1", "61": ">i2"}.get(kind, "<i2")).tofile(tmp_path / "r.dat")
    (tmp_path / "r.hea").write_text(f"r 1 250 1000\nr.dat {kind} 20 12 0 {adu[0]} {adu.sum() % 65536} 0 II\n")
    ecg = open_ecg(tmp_path / "r")
    assert ecg.notes == ()
    shift = 36 if ":" in kind else 0
    np.testing.assert_allclose(ecg.read(0, 1000 - shift), adu[shift:] / 20, atol=1e-6)


def edf_with_note(path, *, kind):
    """Write an EDF+ file with a note in Latin-1."""
    signal = edfio.EdfSignal(SIGNAL, 100, label="ECG", physical_dimension="mV")
    edfio.Edf([signal], annotations=[edfio.EdfAnnotation(1, None, "Ubung")]).write(path)
    data = path.read_bytes().replace(b"Ubung", "Übung".encode("latin-1"))
    path.write_bytes(data.replace(b"EDF+C", kind))


@pytest.mark.parametrize("kind", [b"EDF+C", b"EDF+D"])
def test_edf_notes_in_latin_1(tmp_path, kind):
    edf_with_note(tmp_path / "r.edf", kind=kind)
    ecg = open_ecg(tmp_path / "r.edf")
    np.testing.assert_allclose(ecg.read(0, 1000), SIGNAL, atol=1e-4)
    assert ecg.notes == ()


def edf_of_seconds(path, *, change=lambda data: data):
    """Write SIGNAL in ten data records of a second, at 100 Hz, with their times."""
    signal = edfio.EdfSignal(SIGNAL, 100, label="ECG", physical_dimension="mV", physical_range=(-2, 2))
    annotation = edfio.EdfAnnotation(0, None, "start")
    edfio.Edf([signal], data_record_duration=1, annotations=[annotation]).write(path)
    path.write_bytes(change(path.read_bytes()))
    return path


def test_a_gap_between_data_records_is_lost_signal(tmp_path):
    def later(data):
        for i in range(5, 10):
            data = data.replace(b"+%d\x14\x14\0\0" % i, b"+%d\x14\x14\0" % (i + 20))
        return data.replace(b"EDF+C", b"EDF+D")

    ecg = open_ecg(edf_of_seconds(tmp_path / "r.edf", change=later))
    assert (ecg.length, ecg.fs) == (3000, 100)
    assert ecg.notes == ("20.00 s between its data records are missing: lost signal",)
    whole = ecg.read(0, 3000)
    np.testing.assert_allclose(whole[np.r_[:500, 2500:3000]], SIGNAL, atol=1e-4)
    assert np.isnan(whole[500:2500]).all()
    for start, stop in ((0, 1), (499, 501), (730, 2510), (2999, 3000)):
        np.testing.assert_array_equal(ecg.read(start, stop), whole[start:stop])


def test_data_records_that_come_later_and_later_are_told_apart(tmp_path):
    """Each by less than a sample: after nine records two samples are missing."""

    def later(data):
        for i in range(1, 10):
            data = data.replace(b"+%d\x14\x14" % i + 4 * b"\0", b"+%.3f\x14\x14" % (1.003 * i))
        return data.replace(b"EDF+C", b"EDF+D")

    ecg = open_ecg(edf_of_seconds(tmp_path / "r.edf", change=later))
    assert ecg.length == 1002
    assert ecg.notes == ("0.02 s between its data records are missing: lost signal",)


@pytest.mark.parametrize("drift", [-0.002, -1e-4, 0.0])
def test_data_records_that_come_early_hide_no_gap(drift):
    k = np.arange(3600)
    onsets = k * (1 + drift) + np.where(k >= 1800, 3, 0)
    words = [b"+%.4f\x14\x14" % onset for onset in onsets]
    layout = SimpleNamespace(
        records=3600,
        annotations=slice(0, 1),
        duration=1.0,
        interrupted=True,
        read_bytes=lambda first, last, place: (np.frombuffer(x, dtype=np.uint8) for x in words[first:last]),
    )
    starts, missing = record_starts(Path("r.edf"), layout, 360)
    assert missing == pytest.approx(1080, abs=2)
    assert (np.diff(starts) - 360 > 1).nonzero()[0].tolist() == [1799]


def test_data_records_that_go_back(tmp_path):
    path = edf_of_seconds(tmp_path / "r.edf", change=lambda data: data.replace(b"+5\x14\x14", b"+1\x14\x14"))
    with pytest.raises(DataError, match=r"r\.edf: data record 6 begins at 1 s, the one before at 4 s"):
        open_ecg(path)


def test_edf_headers_with_small_faults(tmp_path):
    """Decimal commas in the range, a unit in small letters, bytes after the last data record."""

    def spoilt(data):
        data = data.replace(b"-2      ", b"-2,0    ", 1).replace(b"mV      ", b"mv      ", 1)
        return data + b"\0" * 100

    ecg = open_ecg(edf_of_seconds(tmp_path / "r.edf", change=spoilt))
    np.testing.assert_allclose(ecg.read(0, 1000), SIGNAL, atol=1e-4)
    assert ecg.notes == ("100 bytes after its last data record are not read",)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("p", "is a named pipe"),
        ("p.csv", "is a named pipe"),
        ("p.edf", "is a named pipe"),
        ("x.ecg", r"\.ecg is of no known format; WFDB records .* EDF .* text tables"),
        ("x.pdf", r"\.pdf is of no known format"),
        ("x.mat", r"\.mat is of no known format"),
    ],
)
def test_what_is_no_recording(tmp_path, name, words):
    (tmp_path / name).write_text("text") if name[0] == "x" else os.mkfifo(tmp_path / name)
    with pytest.raises(DataError, match=words):
        open_ecg(tmp_path / name, column="1" if name == "p.csv" else None)


@pytest.mark.parametrize("name", ["r.hea", "r.dat"])
def test_a_pipe_in_place_of_a_file_of_the_record(tmp_path, name):
    path = write_wfdb(tmp_path)
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    with pytest.raises(DataError, match=rf"{name}: is a named pipe"):
        open_ecg(path)


def test_devices_and_standard_input():
    for path, words in (("/dev/zero", "is a device"), ("-", "standard input cannot be read")):
        with pytest.raises(DataError, match=words):
            open_ecg(Path(path))


def test_files_that_are_too_large(tmp_path):
    for path, settings in ((write_wfdb(tmp_path), {}), (write_csv(tmp_path), {"column": "ecg", "fs": 250})):
        assert open_ecg(path, **settings, largest=30_000).length == 1000
        with pytest.raises(DataError, match="at most 0 MB are taken; allow more with --max-size"):
            open_ecg(path, **settings, largest=1000)
    with (tmp_path / "r.dat").open("r+b") as file:
        file.truncate(10**12)  # takes no space on the disk
    with pytest.raises(DataError, match=r"r\.dat: 1,000,000 MB to read"):
        open_ecg(tmp_path / "r", largest=1e9)


def test_a_header_that_announces_more_than_there_is(tmp_path):
    path = write_wfdb(tmp_path)
    for old, new in (("1000", "999999999999999"), ("r 2", "r 99999999")):
        header = path.with_suffix(".hea").read_text()
        path.with_suffix(".hea").write_text(header.replace(old, new, 1))
        with pytest.raises(DataError, match=r"(announces|its first line)"):
            open_ecg(path)


@pytest.mark.parametrize("each", [2, 4, 250])
def test_several_samples_a_frame(tmp_path, each):
    adu = (200 * SIGNAL).round().astype("<i2")
    adu.tofile(tmp_path / "r.dat")
    checksum = int(adu.sum()) % 65536
    line = f"r.dat 16x{each} 200/mV 12 0 0 {checksum} 0 II"
    (tmp_path / "r.hea").write_text(f"r 1 {250 / each} {1000 // each}\n{line}\n")
    ecg = open_ecg(tmp_path / "r")
    assert (ecg.fs, ecg.length, ecg.notes) == (250, 1000, ())
    for start, stop in ((0, 1000), (3, 17), (997, 1000), (250, 251)):
        np.testing.assert_allclose(ecg.read(start, stop), adu[start:stop] / 200, rtol=1e-6)
    (tmp_path / "r.atr").write_bytes(encoded([(1, 1, ""), (3, 5, "")]))
    assert read_annotations(ecg, "atr")[0].tolist() == [each, 3 * each]


ADU = (200 * SIGNAL).round().astype("<i2")


def write_segment(folder, name, *, lead="II", part=slice(0, 1000)):
    ADU[part].tofile(folder / f"{name}.dat")
    line = f"{name}.dat 16 200/mV 12 0 0 0 0 {lead}"
    (folder / f"{name}.hea").write_text(f"{name} 1 250 {len(ADU[part])}\n{line}\n")


@pytest.mark.parametrize(
    ("segments", "lost"),
    [
        (["a 400", "~ 200", "b 400"], slice(400, 600)),
        (["~ 200", "a 400", "b 400"], slice(0, 200)),
        (["l 0", "a 400", "b 400", "~ 200"], slice(800, 1000)),
        (["l 0", "a 400", "c 400", "b 400"], slice(400, 800)),
    ],
)
def test_a_segment_without_a_file_is_lost_signal(tmp_path, segments, lost):
    write_segment(tmp_path, "a", part=slice(0, 400))
    write_segment(tmp_path, "b", part=slice(400, 800))
    write_segment(tmp_path, "c", lead="V1", part=slice(0, 400))
    (tmp_path / "l.hea").write_text("l 2 250 0\n~ 0 200/mV 12 0 0 0 0 II\n~ 0 200/mV 12 0 0 0 0 V1\n")
    if segments[0] != "l 0":
        (tmp_path / "l.hea").unlink()
    total = sum(int(x.split()[1]) for x in segments)
    (tmp_path / "r.hea").write_text("\n".join([f"r/{len(segments)} 1 250 {total}", *segments]) + "\n")
    ecg = open_ecg(tmp_path / "r")
    whole = ecg.read(0, total)
    assert (ecg.lead, ecg.length, ecg.fs) == ("II", total, 250)
    assert np.flatnonzero(np.isnan(whole)).tolist() == list(range(total))[lost]
    np.testing.assert_allclose(np.delete(whole, np.r_[lost]), ADU[:800] / 200, rtol=1e-6)
    np.testing.assert_array_equal(ecg.read(390, 610), whole[390:610])
    seconds = (lost.stop - lost.start) / 250
    where = "segments that do not hold lead II" if "c 400" in segments else "no file"
    assert ecg.notes[-1] == f"{seconds:.2f} s are in {where}: lost signal"


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("mlii", "v1"), 0),
        (("v1", "lead  MLII"), 1),
        (("V1", "V5"), None),
        (("MLII", "MLII"), 0),
        (("", ""), 0),
    ],
)
def test_the_lead_of_each_segment_is_the_one_of_that_name(tmp_path, names, found):
    for segment, leads in (("a", ("MLII", "V1")), ("b", names)):
        np.stack([ADU, ADU // 2], axis=1).tofile(tmp_path / f"{segment}.dat")
        lines = [f"{segment}.dat 16 200/mV 12 0 0 0 0 {lead}".rstrip() for lead in leads]
        (tmp_path / f"{segment}.hea").write_text("\n".join([f"{segment} 2 250 1000", *lines]) + "\n")
    (tmp_path / "r.hea").write_text("r/2 2 250 2000\na 1000\nb 1000\n")
    ecg = open_ecg(tmp_path / "r")
    expected = np.full(1000, np.nan) if found is None else (ADU, ADU // 2)[found] / 200
    np.testing.assert_allclose(ecg.read(1000, 2000), expected, rtol=1e-6)
    assert ("4.00 s are in segments that do not hold lead MLII: lost signal" in ecg.notes) == (found is None)


def test_a_lead_by_name_comes_before_one_by_place(tmp_path):
    for segment, leads in (("a", ("I", "II")), ("b", ("II", ""))):
        np.stack([ADU, ADU // 2], axis=1).tofile(tmp_path / f"{segment}.dat")
        lines = [f"{segment}.dat 16 200/mV 12 0 0 0 0 {lead}".rstrip() for lead in leads]
        (tmp_path / f"{segment}.hea").write_text("\n".join([f"{segment} 2 250 1000", *lines]) + "\n")
    (tmp_path / "r.hea").write_text("r/2 2 250 2000\na 1000\nb 1000\n")
    np.testing.assert_allclose(open_ecg(tmp_path / "r", lead="II").read(1000, 2000), ADU / 200, rtol=1e-6)


def test_a_lost_lead_beside_another_one(tmp_path):
    ADU.tofile(tmp_path / "r.dat")
    lines = ["~ 0 200/mV 12 0 0 0 0 II", "r.dat 16 200/mV 12 0 0 0 0 V5"]
    (tmp_path / "r.hea").write_text("\n".join(["r 2 250 1000", *lines]) + "\n")
    ecg = open_ecg(tmp_path / "r")
    assert (ecg.lead, ecg.notes) == ("V5", ("lead V5 is taken, of II, V5 (--lead takes another)",))
    np.testing.assert_allclose(ecg.read(0, 1000), ADU / 200, rtol=1e-6)


@pytest.mark.parametrize("line", ["r 1 250", "r 1 250 0", "r 1 250 1000 2006", "r 1 250 1000 10:00 31.12.99"])
def test_a_header_with_less_or_more_than_usual(tmp_path, line):
    write_segment(tmp_path, "r")
    header = (tmp_path / "r.hea").read_text()
    (tmp_path / "r.hea").write_text(header.replace("r 1 250 1000", line))
    ecg = open_ecg(tmp_path / "r")
    np.testing.assert_allclose(ecg.read(0, ecg.length), ADU / 200, rtol=1e-6)
    assert ("by the size of r.dat there are 1000" in " ".join(ecg.notes)) == ("1000" not in line)


def test_capitals_in_the_names_of_files(tmp_path):
    write_segment(tmp_path, "r")
    (tmp_path / "r.hea").rename(tmp_path / "R.HEA")
    (tmp_path / "r.dat").rename(tmp_path / "R.DAT")
    for name in ("r", "R", "R.HEA", "r.hea", "R.DAT"):
        np.testing.assert_allclose(open_ecg(tmp_path / name).read(0, 1000), ADU / 200, rtol=1e-6)


def test_leads_of_one_name_are_told_apart_by_number(tmp_path):
    np.stack([ADU, 2 * ADU], 1).tofile(tmp_path / "r.dat")
    (tmp_path / "r.hea").write_text("r 2 250 1000\nr.dat 16 200\nr.dat 16 200\n")
    for lead in (0, 1):
        found = open_ecg(tmp_path / "r", lead=str(lead)).read(0, 1000)
        np.testing.assert_allclose(found, (lead + 1) * ADU / 200, rtol=1e-6)
    (tmp_path / "r.hea").write_text("r 2 250 1000\n" + 2 * "r.dat 16 200 16 0 0 0 0 II\n")
    with pytest.raises(DataError, match=r"2 leads are called 'II'; choose one by its number: 0 'II', 1 'II'"):
        open_ecg(tmp_path / "r", lead="II")


def head_of_a_watch(*, comma):
    """Return an export with lines before one column of numbers."""
    numbers = [f"{1000 * x + 0.025:.3f}" for x in SIGNAL]
    lines = [
        "Name,A B",
        'Born,"1 Jan 1970"',
        "Version,2.0",
        "Sample Rate,512 hertz",
        "",
        "Lead,Lead I",
        "Unit,µV",
    ]
    return "\n".join([*lines, "", *(x.replace(".", ",") if comma else x for x in numbers)]) + "\n"


@pytest.mark.parametrize("comma", [False, True])
def test_lines_before_a_table_tell_rate_and_unit(tmp_path, comma):
    path = write_csv(tmp_path, head_of_a_watch(comma=comma))
    ecg = open_ecg(path)
    assert (ecg.fs, ecg.length) == (512, 1000)
    assert ecg.notes[0] == "its head says 512 Hz"
    np.testing.assert_allclose(ecg.read(0, 1000), SIGNAL + 0.000025, atol=2e-6)
    assert open_ecg(path, fs=500).notes[0] == "its head says 512 Hz, --fs 500 is taken"


@pytest.mark.parametrize(
    ("head", "row", "column"),
    [
        ("time;ecg", "0;{}", "ecg"),
        ("i,ecg", "0,{}", "ecg"),
        ("'Elapsed time','V5','MLII'", "0,7,{}", "MLII"),
        ("x,ECG [mV],y", "7,{},7", "ECG [mV]"),
        ("# fs 360\ni,ecg", "0,{}", "ecg"),
    ],
)
def test_the_column_that_can_only_be_meant(tmp_path, head, row, column):
    path = write_csv(tmp_path, "\n".join([head, *(row.format(x) for x in SIGNAL)]) + "\n", name="r.txt")
    ecg = open_ecg(path, fs=360, time="none")
    assert ecg.lead == column
    np.testing.assert_allclose(ecg.read(0, 1000), SIGNAL, rtol=1e-6)
    assert ecg.notes == (f"column '{column}' is taken (--column takes another)",)


def test_a_line_that_is_taken_for_pandas_names_is_said(tmp_path):
    ecg = open_ecg(write_csv(tmp_path, "0\n" + "".join(f"{x:.4f}\n" for x in SIGNAL)), fs=360)
    assert ecg.length == 1000
    assert ecg.notes == ("line 1, '0', is taken for none of samples",)


def test_a_column_that_may_be_several_is_asked_for(tmp_path):
    path = write_csv(tmp_path, "# device\n0\t1\t483\t\n1\t1\t484\t\n")
    with pytest.raises(DataError, match=r"line 2: no column named; choose .* --column: 1 '1', 2 '2', 3 '3'"):
        open_ecg(path, fs=1000)
    assert open_ecg(path, fs=1000, column="3").read(0, 2).tolist() == [483, 484]


@pytest.mark.parametrize(
    ("segments", "words"),
    [(["~ 1000"], "no segment has a signal"), (["a 1000", "~ 99999999999"], "more than a year")],
)
def test_segments_that_hold_too_little(tmp_path, segments, words):
    write_segment(tmp_path, "a")
    total = sum(int(x.split()[1]) for x in segments)
    (tmp_path / "r.hea").write_text("\n".join([f"r/{len(segments)} 1 250 {total}", *segments]) + "\n")
    with pytest.raises(DataError, match=words):
        open_ecg(tmp_path / "r")


def test_a_lead_in_no_file(tmp_path):
    (tmp_path / "r.hea").write_text("r 1 250 99999999999\n~ 0 200 12 0 0 0 0 II\n")
    with pytest.raises(DataError, match="lead II is in no file"):
        open_ecg(tmp_path / "r")


def bdf_or_edf(path, signals, *, bdf):
    """Write signals `(name, unit, fs)` of ten seconds, each a sine of its own."""
    kind, made = (edfio.Bdf, edfio.BdfSignal) if bdf else (edfio.Edf, edfio.EdfSignal)
    time = [np.arange(10 * fs) / fs for _, _, fs in signals]
    waves = [np.sin((i + 1) * t) for i, t in enumerate(time)]
    kind(
        [
            made(w, fs, label=x, physical_dimension=unit)
            for w, (x, unit, fs) in zip(waves, signals, strict=True)
        ],
        annotations=[edfio.EdfAnnotation(1, None, "note")],
    ).write(path)
    return waves


@pytest.mark.parametrize("bdf", [False, True])
def test_bdf_is_edf_with_three_bytes_a_sample(tmp_path, bdf):
    path = tmp_path / ("r.bdf" if bdf else "r.edf")
    _, wave = bdf_or_edf(path, [("EEG", "mV", 200), ("ECG", "mV", 360)], bdf=bdf)
    ecg = open_ecg(path)
    assert (ecg.lead, ecg.fs, ecg.length) == ("ECG", 360, 3600)
    np.testing.assert_allclose(ecg.read(100, 3000), wave[100:3000], atol=1e-6 if bdf else 1e-4)


def test_a_signal_that_is_too_slow_for_an_ecg_is_passed_over(tmp_path):
    bdf_or_edf(tmp_path / "r.edf", [("II", "mV", 50), ("Thorax", "mV", 25), ("X1", "mV", 360)], bdf=False)
    assert open_ecg(tmp_path / "r.edf").lead == "X1"
    with pytest.raises(DataError, match="sampling rate of 'II' is 50 Hz"):
        open_ecg(tmp_path / "r.edf", lead="II")


@pytest.mark.parametrize(
    ("field", "mended"),
    [
        (b"360     ", b"360\0\0\0\0\0"),
        (b"360     ", b"360.0   "),
        (b"-32768  ", b"-32768.0"),
        (b"uV      ", b"\xc2\xb5V     "),
        (b"uV      ", b"\xce\xbcV     "),
    ],
)
def test_small_faults_in_the_fields_of_an_edf_header(tmp_path, field, mended):
    (wave,) = bdf_or_edf(tmp_path / "r.edf", [("ECG", "uV", 360)], bdf=False)
    data = (tmp_path / "r.edf").read_bytes()
    (tmp_path / "r.edf").write_bytes(data.replace(field, mended, 1))
    np.testing.assert_allclose(open_ecg(tmp_path / "r.edf").read(0, 3600), wave / 1000, atol=1e-6)


def two_segments(folder, *, fs=(100, 100), lengths=(500, 500), first="two/2 1 100 1000", checksum=0):
    """Write a record of two segments, each with a header of its own."""
    for name, rate, length in zip("ab", fs, lengths, strict=True):
        SIGNAL[:500].astype("<i2").tofile(folder / f"{name}.dat")
        (folder / f"{name}.hea").write_text(
            f"{name} 1 {rate} {length}\n{name}.dat 16 200 12 0 0 {checksum} 0 II\n"
        )
    (folder / "two.hea").write_text(f"{first}\na 500\nb 500\n")
    return folder / "two"


def test_a_record_of_segments_without_a_length(tmp_path):
    assert open_ecg(two_segments(tmp_path, first="two/2 1 100")).length == 1000


def test_checksums_of_segments_are_looked_at(tmp_path):
    notes = open_ecg(two_segments(tmp_path, checksum=77)).notes
    assert len(notes) == 2
    for name, note in zip("ab", notes, strict=True):
        assert note.endswith(f"{name}.hea says 77: one of both was changed")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"fs": (100, 50)}, r"b\.hea: 50 Hz, but two\.hea says 100 Hz"),
        ({"lengths": (500, 400)}, r"b\.hea: 400 samples, but two\.hea says 500; correct one"),
    ],
)
def test_segments_that_do_not_fit_their_record(tmp_path, settings, words):
    with pytest.raises(DataError, match=words):
        open_ecg(two_segments(tmp_path, **settings))


def test_a_header_that_ends_before_its_signal_file_is_said(tmp_path):
    SIGNAL.astype("<i2").tofile(tmp_path / "r.dat")
    (tmp_path / "r.hea").write_text("r 1 100 500\nr.dat 16 200 12 0 0 0 0 II\n")
    ecg = open_ecg(tmp_path / "r")
    assert ecg.length == 500
    assert ecg.notes == ("r.dat goes on for 5.0 s after its header's end: not read",)
