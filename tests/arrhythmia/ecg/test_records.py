import shutil

import numpy as np
import pytest
import wfdb
from hypothesis import given
from hypothesis import strategies as st

from arrhythmia.aami import DS1, DS2, PACED
from arrhythmia.ecg.records import read_recording, record_names
from arrhythmia.errors import DataError

HEADER = """r 2 360 3600
r.dat 212 200(1024)/mV 12 0 1024 20063 0 V5
r.dat 212 200(1024)/mV 12 0 1024 39369 0 MLII
"""


@pytest.fixture
def folder(tmp_path, write_record):
    write_record(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def good(tmp_path_factory, write_record):
    """A folder with a record that no test may change."""
    folder = tmp_path_factory.mktemp("good")
    write_record(folder)
    return folder


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("scratch")


def test_record_that_the_tests_damage(folder):
    assert (folder / "r.hea").read_text() == HEADER


def test_reads_signal_and_annotations(folder):
    recording = read_recording(folder, "r")
    adu = wfdb.rdrecord(str(folder / "r"), physical=False).d_signal
    assert (recording.name, recording.fs) == ("r", 360.0)
    np.testing.assert_array_equal(recording.adu, adu[:, 0])
    np.testing.assert_array_equal(recording.signal, ((adu[:, 1] - 1024) / 200).astype(np.float32))
    np.testing.assert_array_equal(recording.sample, np.arange(360, 3600, 360))
    assert "".join(recording.symbol) == "+NAVFQ/~N"
    assert (recording.adu.dtype, recording.signal.dtype) == (np.int32, np.float32)


def test_the_comments_of_the_header_are_kept(folder):
    assert read_recording(folder, "r").comments == ()
    with (folder / "r.hea").open("a") as header:
        header.write("# 76 F 2777 3655 x2\n# Aldomet, Inderal\n")
    assert read_recording(folder, "r").comments == ("76 F 2777 3655 x2", "Aldomet, Inderal")


def test_preferred_lead_is_found_in_any_channel(tmp_path, write_record):
    write_record(tmp_path, "a", leads=("V5", "MLII"))
    write_record(tmp_path, "b", leads=("MLII", "V5"))
    adu = wfdb.rdrecord(str(tmp_path / "a"), physical=False).d_signal
    for name, channel in (("a", 1), ("b", 0)):
        recording = read_recording(tmp_path, name)
        assert recording.lead == "MLII"
        np.testing.assert_allclose(recording.signal, (adu[:, channel] - 1024) / 200, rtol=1e-6)
        np.testing.assert_array_equal(recording.adu, adu[:, 0])


def test_channel_0_where_the_lead_is_missing(tmp_path, write_record):
    write_record(tmp_path, "r", leads=("V5", "V1"))
    recording = read_recording(tmp_path, "r")
    assert recording.lead == "V5"
    np.testing.assert_allclose(recording.signal, (recording.adu - 1024) / 200, rtol=1e-6)


def test_record_names_are_sorted(tmp_path):
    for name in ("b.hea", "a.hea", "c.dat"):
        (tmp_path / name).touch()
    assert record_names(tmp_path) == ["a", "b"]


@pytest.mark.parametrize("name", ["", "absent"])
def test_folder_without_records(tmp_path, name):
    with pytest.raises(DataError, match=r"no WFDB header \(\*\.hea\) in it; run `dvc repro download`$"):
        record_names(tmp_path / name)


@pytest.mark.parametrize("suffix", [".hea", ".dat", ".atr"])
def test_missing_file(folder, suffix):
    (folder / f"r{suffix}").unlink()
    assert refusal(folder) == f"r{suffix}: missing"


@pytest.mark.parametrize("length", [0, 1, 5400, 10797, 10799])
def test_truncated_signal(folder, length):
    cut(folder / "r.dat", length)
    message = refusal(folder)
    assert message.startswith("r.dat: cannot be read as a WFDB signal of 2 x 3600 samples (")


def test_changed_signal(folder):
    data = bytearray((folder / "r.dat").read_bytes())
    data[300] ^= 1
    (folder / "r.dat").write_bytes(data)
    assert refusal(folder) == "r.dat: channel 0 has checksum 20064, its header says 20063"


def test_header_may_come_without_checksums(folder):
    lines = [" ".join(line.split()[:4]) for line in HEADER.splitlines()]
    (folder / "r.hea").write_text("\n".join(lines) + "\n")
    assert len(read_recording(folder, "r").signal) == 3600


def test_every_truncation_of_the_annotations(folder):
    data = (folder / "r.atr").read_bytes()
    for length in range(len(data)):
        (folder / "r.atr").write_bytes(data[:length])
        assert refusal(folder) == "r.atr: empty or cut short, its end mark is missing"


def test_no_annotations(folder):
    (folder / "r.atr").write_bytes(b"\0\0")
    assert refusal(folder) == "r.atr: no annotations"


@pytest.mark.parametrize("code", [15, 17, 42, 49])
def test_unknown_annotation_code(folder, code):
    data = bytearray((folder / "r.atr").read_bytes())
    data[-3] = data[-3] & 3 | code << 2  # the upper six bits of an annotation's second byte are its code
    (folder / "r.atr").write_bytes(data)
    assert refusal(folder) == f"r.atr: unknown annotation code {code} at sample 3240"


def test_a_code_that_no_annotation_has(folder):
    data = bytearray((folder / "r.atr").read_bytes())
    data[-3] = 58 << 2
    (folder / "r.atr").write_bytes(data)
    assert refusal(folder) == "r.atr: damaged, unknown annotation code 58 at byte 16"


def test_damaged_annotation_fields(folder):
    data = bytearray((folder / "r.atr").read_bytes())
    data[-3] = 63 << 2  # says that a text of data[-4] bytes follows
    (folder / "r.atr").write_bytes(data)
    assert refusal(folder) == "r.atr: damaged, a note of 104 bytes is cut short"


@pytest.mark.parametrize("at", [3600, 100_000])
def test_annotation_outside_the_record(tmp_path, write_record, at):
    write_record(tmp_path, sample=[3599, at], symbol=["N", "N"])
    expected = f"annotation at {at} is out of order or outside the record's 3600 samples"
    assert refusal(tmp_path) == f"r.atr: {expected}"


def test_annotations_out_of_order(folder):
    skip_back = bytes([0, 59 << 2, 255, 255, 156, 255, 0, 1 << 2])  # -100 samples, then an N
    data = (folder / "r.atr").read_bytes()
    (folder / "r.atr").write_bytes(data[:-2] + skip_back + data[-2:])
    assert "annotation at 3140 is out of order" in refusal(folder)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (HEADER, "", "cannot be read as a WFDB header ("),
        (HEADER, "hello\n", "cannot be read as a WFDB header (invalid syntax in record line)"),
        (HEADER, HEADER[:60], "cannot be read as a WFDB header (invalid syntax in signal line)"),
        (HEADER, HEADER[:13], "announces 2 channels and describes 0"),
        (HEADER, "r/2 2 360 3600\na 1800\nb 1800\n", "announces 2 channels and describes 0"),
        ("r 2", "r 1", "announces 1 channels and describes 2"),
        ("r 2", "r 3", "announces 3 channels and describes 2"),
        ("r 2", "q 2", "belongs to record q and file r.dat"),
        ("r.dat", "q.dat", "belongs to record r and file q.dat"),
        ("3600", "0", "empty record or damaged first line, 0 samples"),
        (" 3600", "", "empty record or damaged first line, None samples"),
        ("2 360", "2 abc", "empty record or damaged first line, None samples"),
        ("2 360", "2 0", "sampling rate is 0 Hz"),
        ("mV 12 0 1024 39369", "uV 12 0 1024 39369", "channel 1 is in uV, not in mV"),
    ],
)
def test_wrong_header(folder, old, new, expected):
    (folder / "r.hea").write_text(HEADER.replace(old, new))
    assert refusal(folder).startswith(f"r.hea: {expected}")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("3600", "3601", "cannot be read as a WFDB signal of 2 x 3601 samples ("),
        ("3600", "3599", "channel 0 has checksum "),
        ("212", "16", "cannot be read as a WFDB signal of 2 x 3600 samples ("),
        ("212", "999", "cannot be read as a WFDB signal of 2 x 3600 samples ("),
    ],
)
def test_header_that_does_not_fit_the_signal(folder, old, new, expected):
    (folder / "r.hea").write_text(HEADER.replace(old, new))
    assert refusal(folder).startswith(f"r.dat: {expected}")


@given(suffix=st.sampled_from([".hea", ".atr"]), at=st.integers(0, 200), byte=st.integers(0, 255))
def test_any_damaged_byte_is_read_or_refused_in_one_line(good, scratch, suffix, at, byte):
    shutil.copytree(good, scratch, dirs_exist_ok=True)
    data = bytearray((scratch / f"r{suffix}").read_bytes())
    data[at % len(data)] = byte
    (scratch / f"r{suffix}").write_bytes(data)
    result = recording_or_refusal(scratch)
    if isinstance(result, str):
        assert "\n" not in result
    else:
        assert len(result.sample) == len(result.symbol) > 0
        assert np.isfinite(result.signal).all()


def test_real_recordings(real_recordings):
    assert [recording.name for recording in real_recordings] == sorted([*DS1, *DS2, *PACED])
    assert {len(recording.signal) for recording in real_recordings} == {650_000}
    assert {recording.fs for recording in real_recordings} == {360.0}
    assert sum(len(recording.sample) for recording in real_recordings) == 112_647


def test_lead_of_the_real_recordings(mitdb, real_recordings):
    leads = {recording.name: recording.lead for recording in real_recordings}
    assert {name: lead for name, lead in leads.items() if lead != "MLII"} == {"102": "V5", "104": "V5"}
    by_name = {recording.name: recording for recording in real_recordings}
    for name, channel in (("100", 0), ("102", 0), ("104", 0), ("114", 1)):
        adu = wfdb.rdrecord(str(mitdb / name), physical=False, sampto=1000).d_signal
        np.testing.assert_allclose(by_name[name].signal[:1000], (adu[:, channel] - 1024) / 200, rtol=1e-6)
        np.testing.assert_array_equal(by_name[name].adu[:1000], adu[:, 0])


def refusal(folder):
    """Read record r, and return the error without folder and remedy."""
    with pytest.raises(DataError) as caught:
        read_recording(folder, "r")
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{folder}/")
    assert message.endswith("; run `dvc repro --force download`")
    return message.removeprefix(f"{folder}/").removesuffix("; run `dvc repro --force download`")


def recording_or_refusal(folder):
    try:
        return read_recording(folder, "r")
    except DataError as error:
        return str(error)


def cut(path, length):
    path.write_bytes(path.read_bytes()[:length])
