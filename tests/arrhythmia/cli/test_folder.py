"""Finding the recordings in a folder; in a bucket: test_bucket.py."""

import os

import pytest

from arrhythmia.cli.folder import find_recordings
from arrhythmia.errors import DataError
from tests.arrhythmia.formats.test_recordings import write_csv, write_segment, write_wfdb


def test_the_recordings_of_a_folder(tmp_path):
    write_wfdb(tmp_path)
    write_csv(tmp_path, name="b.csv")
    for other in ("notes.txt", "r.beats.csv", ".b.csv"):
        (tmp_path / other).write_text("")
    write_csv(tmp_path, name="c.tsv")
    (tmp_path / "d.bdf").write_text("")
    assert [path.name for path in find_recordings(tmp_path)] == ["b.csv", "c.tsv", "d.bdf", "r.hea"]
    assert find_recordings(tmp_path / "r") == [tmp_path / "r"]
    with pytest.raises(DataError, match="no recording in it"):
        find_recordings((tmp_path / "empty").mkdir() or tmp_path / "empty")


def test_segments_of_a_record_are_no_recordings_of_their_own(tmp_path):
    write_segment(tmp_path, "a", part=slice(0, 400))
    write_segment(tmp_path, "b", part=slice(400, 1000))
    write_segment(tmp_path, "c")
    (tmp_path / "v.hea").write_text("# layout first\nv/3 1 250 1000\nl 0\na 400\nb 600\n")
    (tmp_path / "l.hea").write_text("l 1 250 0\n~ 0 200/mV 0 0 0 0 0 II\n")
    os.mkfifo(tmp_path / "p.hea")
    assert [path.name for path in find_recordings(tmp_path)] == ["c.hea", "p.hea", "v.hea"]
