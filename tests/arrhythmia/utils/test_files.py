import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from arrhythmia.errors import DataError
from arrhythmia.utils.files import load_arrays, move_all, replacing, replacing_all, save_arrays, write_text


def test_replacing_makes_folders_and_leaves_nothing_else(tmp_path):
    with replacing(tmp_path / "a" / "b" / "c.txt") as temporary:
        temporary.write_text("new")
        assert not (tmp_path / "a" / "b" / "c.txt").exists()
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["c.txt"]
    assert (tmp_path / "a" / "b" / "c.txt").read_text() == "new"


def test_temporary_name_keeps_the_suffix(tmp_path):
    with replacing(tmp_path / "model.keras") as temporary:
        assert temporary.suffix == ".keras"
        temporary.touch()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("before", [None, "old"])
def test_replacing_when_the_block_raises(tmp_path, error, before):
    path = tmp_path / "file.txt"
    if before:
        path.write_text(before)
    with pytest.raises(error):
        write_half(path, error)
    assert [path.name for path in tmp_path.iterdir()] == (["file.txt"] if before else [])
    assert not before or path.read_text() == before


def write_half(path, error):
    with replacing(path) as temporary:
        temporary.write_text("half")
        raise error


def test_block_that_writes_nothing(tmp_path):
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "file.txt"):
        pass
    assert not list(tmp_path.iterdir())


def test_killed_writer_leaves_no_file_of_that_name(tmp_path):
    script = (
        "import os, sys\n"
        "from arrhythmia.utils.files import replacing\n"
        "with replacing(sys.argv[1]) as temporary:\n"
        "    temporary.write_text('half')\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    root = Path(__file__).parents[3]
    killed = subprocess.run([sys.executable, "-c", script, tmp_path / "file.txt"], cwd=root, check=False)
    assert killed.returncode == -9
    assert not (tmp_path / "file.txt").exists()


def texts(folder):
    return {path.name: path.read_text() if path.is_file() else "folder" for path in folder.iterdir()}


def test_all_files_are_there_in_the_end(tmp_path):
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    paths[0].write_text("old")
    (tmp_path / ".b.123.tmp.csv").write_text("of a run that was killed")
    with replacing_all(paths) as temporaries:
        for temporary in temporaries:
            temporary.write_text("new")
        assert paths[0].read_text() == "old"
        assert not paths[1].exists()
    assert texts(tmp_path) == {"a.csv": "new", "b.csv": "new"}


def write(paths, error=None):
    with replacing_all(paths) as temporaries:
        for temporary in temporaries:
            temporary.write_text("new")
        if error:
            raise error


def test_an_error_leaves_everything_as_it_was(tmp_path):
    (tmp_path / "a.csv").write_text("old")
    with pytest.raises(OSError, match="full"):
        write([tmp_path / "a.csv", tmp_path / "b.csv"], error=OSError("full"))
    assert texts(tmp_path) == {"a.csv": "old"}


def test_a_file_that_cannot_be_moved_takes_the_others_with_it(tmp_path):
    (tmp_path / "b.csv").mkdir()
    with pytest.raises(OSError, match="directory"):
        write([tmp_path / "a.csv", tmp_path / "b.csv"])
    assert texts(tmp_path) == {"b.csv": "folder"}


def test_moving_nothing():
    move_all([])


def test_leftovers_of_a_name_with_brackets_are_removed(tmp_path):
    (tmp_path / ".a[1].123.tmp.csv").touch()
    (tmp_path / ".a1.123.tmp.csv").touch()  # another file's
    with replacing(tmp_path / "a[1].csv") as temporary:
        temporary.write_text("new")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".a1.123.tmp.csv", "a[1].csv"]


def test_write_text_is_utf8_with_unix_line_ends(tmp_path):
    write_text(tmp_path / "file.md", "jκ\n–\n")
    assert (tmp_path / "file.md").read_bytes() == "jκ\n–\n".encode()


@given(
    array=arrays(
        st.sampled_from([np.float32, np.int8, np.int32, np.bool_, np.dtype("<U3")]),
        array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    )
)
def test_arrays_come_back(tmp_path_factory, array):
    path = tmp_path_factory.getbasetemp() / "arrays.npz"
    save_arrays(path, one=array, two=np.arange(3))
    loaded = load_arrays(path)
    assert list(loaded) == ["one", "two"]
    np.testing.assert_array_equal(loaded["one"], array)
    assert (loaded["one"].dtype, loaded["one"].shape) == (array.dtype, array.shape)


def test_equal_arrays_are_equal_files(tmp_path):
    for name in ("a.npz", "b.npz"):
        save_arrays(tmp_path / name, x=np.arange(5), y=np.array("text"))
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_objects_are_neither_saved_nor_loaded(tmp_path):
    objects = np.array([{}, None], dtype=object)
    with pytest.raises(ValueError, match="allow_pickle"):
        save_arrays(tmp_path / "a.npz", x=objects)
    assert not list(tmp_path.iterdir())
    np.savez(tmp_path / "b.npz", x=objects)
    with pytest.raises(DataError, match="allow_pickle"):
        load_arrays(tmp_path / "b.npz")


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "a.npz"
    save_arrays(path, x=np.arange(1000))
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(DataError, match=r"a\.npz: damaged .*; delete it and run `dvc repro`$"):
        load_arrays(path)


def test_missing_arrays(tmp_path):
    with pytest.raises(DataError, match=r"none\.npz: missing; run `dvc repro`$"):
        load_arrays(tmp_path / "none.npz")
