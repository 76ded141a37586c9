import pytest

from arrhythmia.together import move_all, replacing_all


def texts(folder):
    return {path.name: path.read_text() if path.is_file() else "folder" for path in folder.iterdir()}


def test_all_are_there_in_the_end(tmp_path):
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
