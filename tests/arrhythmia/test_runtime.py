import pytest

from arrhythmia import runtime
from arrhythmia.errors import DataError


@pytest.fixture(autouse=True)
def four_cores(monkeypatch):
    monkeypatch.delenv("ARRHYTHMIA_CORES", raising=False)
    monkeypatch.setattr(runtime.os, "sched_getaffinity", lambda pid: {0, 2, 3, 5}, raising=False)


def test_the_cores_are_those_the_process_may_run_on():
    assert runtime.cores() == 4


def test_without_affinity_all_cores_count(monkeypatch):
    monkeypatch.delattr(runtime.os, "sched_getaffinity")
    monkeypatch.setattr(runtime.os, "cpu_count", lambda: 8)
    assert runtime.cores() == 8


@pytest.mark.parametrize(("share", "cores"), [("", 4), ("1", 1), ("3", 3), ("64", 4)])
def test_the_environment_lowers_the_number_of_cores(monkeypatch, share, cores):
    monkeypatch.setenv("ARRHYTHMIA_CORES", share)
    assert runtime.cores() == cores


@pytest.mark.parametrize("share", ["0", "-1", "1.5", "two", "²"])
def test_a_number_of_cores_that_is_none_is_named(monkeypatch, share):
    monkeypatch.setenv("ARRHYTHMIA_CORES", share)
    with pytest.raises(DataError, match=rf"^ARRHYTHMIA_CORES is '{share}'; set it to a number of cores"):
        runtime.cores()
