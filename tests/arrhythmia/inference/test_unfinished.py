import os
from multiprocessing import get_context

import pytest

from arrhythmia.inference.unfinished import finished_together, locked, remove_unfinished, unfinished_folder


def write_often(folder, letter):
    for _ in range(100):
        with finished_together(folder, "r") as unfinished:
            (unfinished / "r.a").write_text(letter)
            (unfinished / "r.b").write_text(letter)


def test_two_processes_at_once(tmp_path):
    """Both end well, the files of one of them stand there together, and nothing else."""
    context = get_context("spawn")
    both = [context.Process(target=write_often, args=(tmp_path / "out", letter)) for letter in "xy"]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    assert sorted(os.listdir(tmp_path / "out")) == ["r.a", "r.b"]
    assert (tmp_path / "out" / "r.a").read_text() == (tmp_path / "out" / "r.b").read_text()


def test_what_was_left_is_removed_but_nothing_of_one_at_work(tmp_path):
    at_work = unfinished_folder(tmp_path, "r")
    at_work.mkdir(parents=True)
    (at_work.parent / "r.1").mkdir()
    with locked(at_work, wait=True):
        remove_unfinished(tmp_path, "r")
        assert os.listdir(at_work.parent) == [at_work.name]
    remove_unfinished(tmp_path, "r")
    assert os.listdir(tmp_path) == []


def test_a_block_that_fails_leaves_nothing(tmp_path):
    def write_and_fail():
        with finished_together(tmp_path / "out", "r") as unfinished:
            (unfinished / "r.a").write_text("x")
            raise ValueError("full")

    with pytest.raises(ValueError, match="full"):
        write_and_fail()
    assert os.listdir(tmp_path / "out") == []
