import socket

import pytest

from arrhythmia.errors import DataError
from arrhythmia.formats.guard import file_size, guarded


@pytest.mark.parametrize(
    ("raised", "words"),
    [
        (ValueError("two\nlines"), r"r: cannot be read \(two lines\)"),
        (IndexError("5"), r"r: cannot be read \(it is damaged\)"),
        (RecursionError("deep"), r"r: cannot be read \(deep\)"),
        (UnicodeDecodeError("utf-8", b"x", 0, 1, "bad"), "r: cannot be read"),
        (FileNotFoundError(2, "No such file", "s.dat"), r"r: s\.dat is missing"),
        (PermissionError(13, "Permission denied"), r"r: cannot be read \(Permission denied\)"),
        (DataError("its own line"), "^its own line$"),
    ],
)
def test_any_error_is_one_line(raised, words):
    with pytest.raises(DataError, match=words) as found, guarded("r"):
        raise raised
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    "raised",
    [
        MemoryError(),
        ValueError("C error: out of memory"),
        RuntimeError("std::bad_alloc"),
        RuntimeError("can't start new thread"),
        OSError(12, "Cannot allocate memory"),
        ImportError("libx.so: failed to map segment: Cannot allocate memory"),
        SystemError("error return without exception set"),
    ],
)
def test_want_of_memory_is_no_fault_of_the_file(raised):
    with pytest.raises(MemoryError), guarded("r"):
        raise raised


def test_what_is_no_file(tmp_path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(tmp_path / "s"))
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "none").symlink_to(tmp_path / "nowhere")
    wrong = {
        "s": "is a socket",
        ".": "is a folder",
        "loop": "cannot be read",
        "none": "missing",
        "x" * 300: "cannot",
    }
    for name, words in wrong.items():
        with pytest.raises(DataError, match=words):
            file_size(tmp_path / name)
