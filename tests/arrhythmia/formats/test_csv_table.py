import numpy as np
import pytest

from arrhythmia.errors import DataError
from arrhythmia.formats import csv_table
from arrhythmia.formats.csv_layout import find_column, find_layout
from arrhythmia.formats.csv_rate import head_rate
from arrhythmia.formats.csv_table import blocks, read_column


@pytest.fixture
def table(tmp_path):
    """Return a function that writes a table, in UTF-8 or as bytes."""

    def write(text):
        path = tmp_path / "r.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def read(path, column="ecg", *, fs=250, decimal=None, time=None):
    """Return the samples and the notes."""
    layout = find_layout(path, decimal=None)
    found = read_column(path, layout, find_column(layout, column, path), fs=fs, decimal=decimal, time=time)
    return found.samples.read(0, found.samples.length).tolist(), found.notes


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("ecg\n1\n2\n", "ecg"),
        ("ecg\r\n1\r\n2\r\n", "ecg"),
        ("ecg\n1\n2", "ecg"),
        ("\ufeffecg;x\n1;5\n2;5\n", "ecg"),
        ("i,ecg\n7,1\n8,2\n", "2"),
        ("# device\n# 250 Hz\necg\tx\n1\t5\n2\t5\n", "ecg"),
        ("\n\necg\n1\n2\n", "ecg"),
        ("1;9\n2;9\n", "1"),
        ("1\n2\n", "1"),
        ("# header\n5\t1\t\n5\t2\t\n", "2"),
        ('i,"ECG, lead II (mV)"\n0,1\n0,2\n', "ECG, lead II (mV)"),
        ('i,ecg\n"0",1\n"0,5",2\n', "ecg"),
        ("'i','ecg'\n'h','mV'\n'a',1\n'b',2\n", "ecg"),
        ("i;Spannung [µV]\n0;1\n0;2\n".encode("cp1252"), "Spannung [µV]"),
        ("i;электрокардиограмма\n0;1\n0;2\n", "электрокардиограмма"),
        ("i,心電図\n0,1\n0,2\n", "心電図"),
        ("  0.0   1\n  0.1   2\n", "2"),
        ("   x   ecg \r\n   0.0    1\r\n  10.0   2  \r\n", "ecg"),
        ("    x   ecg\n (cm)  (mV)\n   9     1\n  10     2", "ecg"),
        ("# numpy\n0.000e+00 1.0e+00\n4.000e-03 2.0e+00\n", "2"),
        ('"x" "my ecg"\n0 1\n4 2\n', "my ecg"),
    ],
)
def test_tables_of_many_writers(table, text, column):
    assert read(table(text), column) == ([1, 2], [])


@pytest.mark.parametrize("text", ["x,ecg\n0,−1\n4,−2\n", "ecg\n−1\n−2\n", "x ecg\n0 −1\n4 −2\n", "−1\n−2\n"])
def test_a_typographic_minus_is_one(table, text):
    assert read(table(text), "ecg" if "ecg" in text else "1")[0] == [-1, -2]


@pytest.mark.parametrize("separator", [" ", ",", ";", "\t"])
def test_a_table_of_r_whose_lines_have_numbers(table, separator):
    text = '"time of day" "ecg"\n' + "".join(f'"{i}" {i / 250:g} {i}\n' for i in range(1, 9))
    text = text.replace(" ", separator).replace(f"time{separator}of{separator}day", "time of day")
    assert find_layout(table(text), decimal=None).names == ("", "time of day", "ecg")
    assert read(table(text)) == (list(range(1, 9)), [])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0.1 2 3\n", r"line 6: 3 fields, there are 2 columns"),
        ("0.1\n", r"line 6: 1 fields, there are 2 columns"),
        ("0.1 x\n", r"line 6: 'x' is no number"),
    ],
)
def test_columns_parted_by_blanks_are_counted_too(table, text, words):
    with pytest.raises(DataError, match=words):
        read(table(5 * "  0.0   1\n" + text + 5 * "  0.0   1\n"), "2")


def test_a_blank_line_among_columns_parted_by_blanks_is_a_lost_sample(table):
    (first, lost, last), _ = read(table("0.0 1\n  \n 0.1 2\n"), "2")
    assert (first, last) == (1, 2)
    assert np.isnan(lost)


OPENSIGNALS = """# OpenSignals Text File Format
# {"00:07:80:3B:46:61": {"column": ["nSeq", "I1", "A1", "A2"], "label": ["A1", "A2"], "sensor": [%s], \
"sampling rate": 1000}}
# EndOfHeader
0\t0\t512\t7\t
1\t0\t513\t7\t
"""


def test_sensors_without_labels_are_those_of_the_last_columns(table):
    """The first two columns are a number and a digital input."""
    head = '# {"00:00": {"sensor": ["ECG"], "sampling rate": 1000, "column": ["nSeq", "I1", "A2"]}}\n'
    path = table(head + "# EndOfHeader\n" + "".join(f"{i}\t1\t{480 + i}\t\n" for i in range(9)))
    layout = find_layout(path, decimal=None)
    assert layout.names == ("nSeq", "I1", "A2 ECG")
    assert find_column(layout, None, path) == 2
    assert head_rate(layout.head) == 1000


def test_a_file_of_opensignals_tells_its_columns(table):
    layout = find_layout(table(OPENSIGNALS % '"ECG", "EDA"'), decimal=None)
    assert layout.names == ("nSeq", "I1", "A1 ECG", "A2 EDA")
    assert head_rate(layout.head) == 1000
    path = table(OPENSIGNALS % '"ECG", "EDA"')
    assert find_column(layout, None, path) == 2
    assert read(path, None, fs=1000) == ([512, 513], [])


@pytest.mark.parametrize("sensors", ['"ECG"', "1, 2, 3", "null", "[" * 5000, '"ECG", {}}'])
def test_a_head_that_only_looks_like_that_is_passed_over(table, sensors):
    layout = find_layout(table(OPENSIGNALS % sensors), decimal=None)
    assert layout.names == ("1", "2", "3", "4")


@pytest.mark.parametrize("word", ["", "NaN", "nan", "NA", "null", "-", "--", "?"])
def test_a_lost_sample(table, word):
    (first, lost, last), _ = read(table(f"i;ecg\n0;1\n1;{word}\n2;3\n"))
    assert (first, last) == (1, 3)
    assert np.isnan(lost)


def test_a_unit_below_the_name(table):
    layout = find_layout(table("t,ecg\ns,uV\n0.000,1\n"), decimal=None)
    assert (layout.names, layout.units, layout.line) == (("t", "ecg"), ("s", "uV"), 3)


@pytest.mark.parametrize("head", ["i;ecg\n", "ecg\n"])
@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["0,285", "-1,5", "2"], [0.285, -1.5, 2]),
        (["1234,567", "0,1", ",5"], [1234.567, 0.1, 0.5]),
        (["1,5e-1", "2", "3,25"], [0.15, 2, 3.25]),
    ],
)
def test_decimal_commas_are_read_and_said(table, head, words, numbers):
    lines = [f"0;{word}" if ";" in head else word for word in words]
    samples, notes = read(table(head + "\n".join(lines)))
    np.testing.assert_allclose(samples, numbers, rtol=1e-6)
    assert notes == ["commas in column 'ecg' are read as decimal commas"]


@pytest.mark.parametrize(
    ("words", "numbers"),
    [(["1,024.5", "2", "-3,000"], [1024.5, 2, -3000]), (["1,234,567", "5"], [1234567, 5])],
)
def test_separated_thousands_are_read_and_said(table, words, numbers):
    samples, notes = read(table("i;ecg\n" + "".join(f"0;{word}\n" for word in words)))
    assert samples == numbers
    assert notes == ["commas in column 'ecg' are read as separators of thousands"]
    quoted, _ = read(table("i,ecg\n" + "".join(f'0,"{word}"\n' for word in words)))
    assert quoted == numbers


@pytest.mark.parametrize(("decimal", "numbers"), [(",", [2.85, -1.024, 3]), (".", [2850, -1024, 3])])
def test_a_comma_that_may_be_either_is_asked_for(table, decimal, numbers):
    path = table("ecg\n2,850\n-1,024\n3\n")
    with pytest.raises(DataError, match=r"r\.csv, line 2: '2,850' may have .* --decimal , or --decimal \.$"):
        read(path)
    np.testing.assert_allclose(read(path, decimal=decimal)[0], numbers, rtol=1e-6)


@pytest.mark.parametrize("decimal", [None, ",", "."])
@pytest.mark.parametrize(
    "word",
    ["high", "1 024", "1'024", "1,02,3", "0,285,1", "1_000", "0x10", "+−5", "12,34.5", "1;2"],
)
def test_what_is_no_number_is_refused_with_its_line(table, decimal, word):
    path = table(f'i\tecg\n0\t1\n0\t"{word}"\n0\t3\n')
    with pytest.raises(DataError, match=r"r\.csv, line 3: '.*' is no number"):
        read(path, decimal=decimal)


def test_commas_after_decimal_points_are_no_decimal_ones(table, monkeypatch):
    monkeypatch.setattr(csv_table, "BLOCK", 16)
    path = table("i;ecg\n" + "0;0.5\n" * 10 + "0;0,5\n")
    with pytest.raises(DataError, match=r"line 12: '0,5' is no number"):
        read(path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("i,ecg\n0,1\n0,1,2\n", "line 3: 3 fields, there are 2 columns; for decimal commas save it with ;"),
        ("i;ecg\n0;1\n0;1;2\n", "line 3: 3 fields, there are 2 columns; mend it, or remove it: '0;1;2'"),
        ("i;ecg\n0;1\n0\n0;2\n", "line 3: 1 fields, there are 2 columns; it is cut short or damaged: '0'"),
        ("i;ecg\n0;1\n0", "line 3: 1 fields, there are 2 columns; it is cut short"),
        ("i;ecg\n0,1\n0,2\n", "line 2: 1 fields, there are 2 columns"),
        ("ecg\n1;2\n", "line 2: 2 fields, there is 1 column"),
        ('i,ecg\n0,"1\n0,2\n', "line 2: a quotation mark is not closed"),
        ("i,ecg\n" + "0,1\n" * 1000 + "0,\0\n", "line 1002: holds bytes that are no text"),
        ("ecg\n1\r2\n3\n", "line 2: a carriage return within it"),
        ("ecg\n1\n" + "1" * 200_000 + "\n", "line 3: longer than 100000 bytes"),
        ("ecg\n1\n" + "1," * 5_000_000, "line 3: longer than 100000 bytes"),
        ("x" * 200_000, "line 1: longer than 100000 bytes"),
        ("ecg\n", "no line of data"),
        ("# only\n# comments\n", "no line of data"),
        ("ecg\n1\n".encode("utf-16"), "no text in UTF-8 but in UTF-16; save it as such: iconv"),
        (b"PK\x03\x04ecg", "a ZIP archive, as Excel writes it"),
        (b"\x1f\x8becg", "compressed by gzip"),
        (b'{"ecg": [0.1]}', "JSON, no table"),
        (b'[{"ecg": 1}]', "JSON, no table"),
        (b"<html>ecg", "a web page or XML, no table"),
        (b"version https://git-lfs.github.com/spec/v1", "a pointer of Git LFS"),
    ],
)
def test_no_line_is_passed_over(table, text, words):
    with pytest.raises(DataError, match=words):
        read(table(text), "ecg" if "ecg" in str(text) or isinstance(text, bytes) else "1")


def test_blocks_are_whole_lines(table, monkeypatch):
    monkeypatch.setattr(csv_table, "BLOCK", 10)
    path = table("ecg\n" + "".join(f"{i}\n" for i in range(1000)) + "1000")
    layout = find_layout(path, decimal=None)
    parts = list(blocks(path, layout))
    assert len(parts) > 100
    assert all(part.endswith(b"\n") for part in parts)
    assert read(path) == (list(range(1001)), [])


def test_a_file_that_grows_is_refused(table):
    path = table("ecg\n1\n2\n")
    parts = blocks(path, find_layout(path, decimal=None))
    assert next(parts) == b"1\n2\n"
    with path.open("a") as file:
        file.write("3\n" * 10)
    with pytest.raises(DataError, match="it changes while it is read"):
        next(parts)


def timed(times, head="time;ecg\n"):
    return head + "".join(f"{t};{i}\n" for i, t in enumerate(times))


SECONDS = np.arange(1000) / 250
STEPS = np.arange(1000) * 4


@pytest.mark.parametrize(
    ("head", "times"),
    [
        ("time;ecg\n", [f"{t:.3f}" for t in SECONDS]),
        ("Zeit (s);ecg\n", [f"{t:.3f}".replace(".", ",") for t in SECONDS]),
        ("timestamp [ns];ecg\n", [599616000000000000 + 4000000 * i for i in range(1000)]),
        ("t;ecg\n", STEPS.tolist()),
        ("Uhrzeit;ecg\n", [f"2024-01-01T10:00:{t:06.3f}" for t in SECONDS]),
        ("Elapsed time;ecg\n", [f"0:{t:06.3f}" for t in SECONDS]),
        ("time;ecg\n", list(range(1000))),
    ],
)
def test_gaps_in_the_times_are_lost_signal(table, head, times):
    whole, notes = read(table(timed(times, head)))
    assert (whole, notes) == (list(range(1000)), [])
    with_gap = times[:300] + times[350:]
    filled, notes = read(table(timed(with_gap, head)))
    assert len(filled) == 1000
    assert np.isnan(filled[300:350]).all()
    assert np.isfinite(filled[:300] + filled[350:]).all()
    assert len(notes) == 1
    assert notes[0].startswith("1 gap by column")
    assert "0.20 s" in notes[0]


def test_a_gap_between_blocks(table, monkeypatch):
    monkeypatch.setattr(csv_table, "BLOCK", 1000)
    times = [f"{t:.3f}" for t in SECONDS]
    for start in range(100, 200):
        filled, _ = read(table(timed(times[:start] + times[start + 7 :])))
        assert np.flatnonzero(np.isnan(filled)).tolist() == list(range(start, start + 7))


@pytest.mark.parametrize(
    ("change", "words"), [(-50, "goes back"), (0, "does not go on"), (10**9, "leaps by")]
)
def test_times_that_go_wrong_are_refused_with_their_line(table, change, words):
    times = SECONDS.copy()
    times[500:] += change - (0 if change > 0 else 1 / 250) if change else times[499] - times[500]
    with pytest.raises(DataError, match=rf"r\.csv, line 502: the time in column 'time' {words}"):
        read(table(timed([f"{t:.3f}" for t in times])))
    if change <= 0:
        assert len(read(table(timed([f"{t:.3f}" for t in times])), time="none")[0]) == 1000


def test_a_rate_that_the_times_contradict(table):
    with pytest.raises(DataError, match=r"'time' do not fit 360 Hz, but 250 Hz; say the right one with --fs"):
        read(table(timed([f"{t:.3f}" for t in SECONDS])), fs=360)


@pytest.mark.parametrize("rate", [100, 130, 180, 256, 300, 360, 500, 512, 800, 900, 1000, 1200])
def test_times_rounded_to_milliseconds_have_no_gaps(table, rate):
    times = [f"{i / rate:.3f}" for i in range(3000)]
    assert read(table(timed(times)), fs=rate) == (list(range(3000)), [])


def test_times_of_packets_tell_the_length_and_gaps(table):
    packets = [f"{i // 50 * 0.2:.1f}" for i in range(5000)]
    assert read(table(timed(packets)))[1] == []
    samples, notes = read(table(timed(packets[:2500] + [f"{float(t) + 6:.1f}" for t in packets[2500:]])))
    assert np.isnan(samples).nonzero()[0].tolist() == list(range(2500, 4000))
    assert notes == ["1 gap by column 'time', 6.00 s: lost signal"]


def test_times_of_packets_that_span_another_duration_are_refused(table, monkeypatch):
    monkeypatch.setattr(csv_table, "BLOCK", 50_000)  # the first lines agree
    slower = [f"{i // 50 * 0.2 + max(i // 50 - 200, 0) * 0.02:.2f}" for i in range(20_000)]
    with pytest.raises(
        DataError, match=r"by column 'time' it lasts 83\.8 s, by its 20000 lines at 250 Hz 80\.0 s"
    ):
        read(table(timed(slower)))


def test_times_that_nobody_understands_are_said(table):
    samples, notes = read(table(timed(["noon"] * 10)))
    assert samples == list(range(10))
    assert notes == ["times of column 'time' are not understood, so gaps are not seen"]
    with pytest.raises(DataError, match="column 'time' holds no times that can be read"):
        read(table(timed(["noon"] * 10)), time="time")
    with pytest.raises(DataError, match="no column 'x' for --time"):
        read(table(timed(["noon"] * 10)), time="x")


def test_a_time_that_is_lost(table):
    times = [f"{t:.3f}" for t in SECONDS]
    times[0] = times[10] = times[11] = times[-1] = ""
    assert read(table(timed(times) + "\n\n"))[0][:1000] == list(range(1000))


def test_points_between_thousands_are_known_by_the_numbers_without_one(table):
    words = ["-265", "1.270", "12", "", "-1.005", "999"]
    samples, notes = read(table("i;ecg\n" + "".join(f"0,5;{word}\n" for word in words)))
    np.testing.assert_array_equal(samples, [-265, 1270, 12, np.nan, -1005, 999])
    assert notes == ["points in column 'ecg' are read as separators of thousands"]


@pytest.mark.parametrize(
    "words", [["0.265", "1.270", "3"], ["1.27", "12"], ["1.270", "-2.335"], ["1.270", "1000"]]
)
def test_points_are_decimal_ones_elsewhere(table, words):
    samples, notes = read(table("i;ecg\n" + "".join(f"0;{word}\n" for word in [*words, *words])))
    assert samples[: len(words)] == pytest.approx([float(word) for word in words])
    assert notes == []


def test_decimal_commas_with_points_between_thousands(table):
    samples, notes = read(table("i;ecg\n0;1.024,5\n0;-3,25\n0;2.000\n0;7\n"), decimal=",")
    assert samples == [1024.5, -3.25, 2000, 7]
    assert notes == ["points in column 'ecg' are read as separators of thousands"]


def test_every_second_line_is_no_lost_sample(table):
    assert read(table("i,ecg\n\n0,1\n\n0,2\n\n0,3\n\n0,4\n\n")) == ([1, 2, 3, 4], [])


@pytest.mark.parametrize("word", ["–0.265", "3\u00a0735"])
def test_a_word_is_said_as_it_was_written(table, word):
    with pytest.raises(DataError, match=f"line 3: '{word}' is no number"):
        read(table(f"i;ecg\n0;1\n0;{word}\n0;2\n"))
