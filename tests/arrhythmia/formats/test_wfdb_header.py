import pytest

from arrhythmia.errors import DataError
from arrhythmia.formats.wfdb_header import check_record, named_files, read_header


@pytest.fixture
def header(tmp_path):
    """Return a function that writes a header and reads it."""

    def read(text, name="r"):
        path = tmp_path / f"{name}.hea"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_header(path)

    return read


def test_signals(header):
    found = header(
        "# first\n\nr 3 360/360(0) 1000 12:00:00 1/1/2000\n"
        "r.dat 212x2 200.5(1024)/mV 11 1024 995 -22131 0 MLII\n"
        "r.dat 16:3+24 1e-1/µV\n~ 0\n# last\n"
    )
    assert found.length == 1000
    assert [(x.file, x.unit, x.checksum, x.name, x.per_frame) for x in found.signals] == [
        ("r.dat", "mV", 65536 - 22131, "MLII", 2),
        ("r.dat", "µV", None, "", 1),
        ("~", "", None, "", 1),
    ]
    assert [path.name for path in found.files()] == ["r.dat"]


def test_letters_that_are_not_ascii(header):
    line = "r 1 360 1000\nr.dat 16 200/µV 12 0 0 0 0 Ableitung zwölf\n"
    for text in (line.encode(), line.encode("latin-1"), b"\xef\xbb\xbf" + line.encode()):
        signal = header(text).signals[0]
        assert (signal.unit, signal.name) == ("µV", "Ableitung zwölf")


@pytest.mark.parametrize(
    "line",
    [
        "r.dat",
        "../r.dat 16",
        "r.dat sixteen",
        "r.dat 16 200,5/mV",
        "r.dat 16 fast",
        "r.dat 16 200 12 0 0 x 0 II",
    ],
)
def test_a_line_that_is_no_signal(header, line):
    with pytest.raises(DataError, match=r"r\.hea, line 2: '.*' is no description of a signal"):
        header(f"r 1 360 1000\n{line}\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("r 2 360 1000\nr.dat 16\n", "announces 2 signals, 1 are described"),
        ("r 1000000000 360 1000\n", "announces 1000000000 signals, 0 are described"),
        ("r/2 2 360 1000\na 500\n", "announces 2 segments, 1 are described"),
        ("r x 360 1000\n", "no name and number of signals"),
        ("r/1 1 360 1000\na 500\n", "announces 1000 samples, its segments 500"),
        ("r/1 1 360 1000\n../a 1000\n", "line 2: .* is no segment"),
        ("r/1 1 360 1000\na x\n", "line 2: .* is no segment"),
        ("# only\n", "sampling rate missing"),
        ("r 1 360,5 1000\nr.dat 16\n", "is no number"),
        ("x" * 2_000_000, "2 MB long; it is no WFDB header"),
    ],
)
def test_a_wrong_header(header, text, words):
    with pytest.raises(DataError, match=rf"r\.hea.*{words}"):
        header(text)


def test_the_files_of_segments_count(header, tmp_path):
    whole = header("r/3 1 360 1000\na 400\n~ 200\nb 400\n")
    with pytest.raises(DataError, match=r"a\.hea: missing"):
        check_record(whole, 1e6)
    header("a 1 360 400\na.dat 16\n", "a"), header("b 1 360 400\nb.dat 16\n", "b")
    (tmp_path / "a.dat").write_bytes(bytes(800))
    with pytest.raises(DataError, match=r"b\.dat: missing"):
        check_record(whole, 1e6)
    (tmp_path / "b.dat").write_bytes(bytes(800))
    check_record(whole, 1e6)
    with pytest.raises(DataError, match="--max-size"):
        check_record(whole, 1000)
    header("a/1 1 360 400\nr 400\n", "a")
    with pytest.raises(DataError, match="a segment of segments"):
        check_record(whole, 1e6)


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (b"# note\nr 2 360 10\nr.dat 16\nr.dat 16\n~ 0\n# x", ["r.dat"]),
        (b"m/3 1 360 10\nm0 0\n~ 5\nm1 5\n", ["m0.hea", "m1.hea"]),
        (b"r 1 360 10\n../r.dat 16\n.. 16\n/etc/passwd 16\n", []),
        ("r 1 360 10\nü.dat 16\n".encode("latin-1"), ["ü.dat"]),
        (b"", []),
    ],
)
def test_the_files_that_a_header_names(header, names):
    assert named_files(header) == names
