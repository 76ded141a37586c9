import threading

import pytest

from arrhythmia.inference.threads import in_threads


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_the_order_of_the_items(threads):
    assert list(in_threads(lambda x: x * x, range(20), threads=threads)) == [x * x for x in range(20)]
    assert list(in_threads(abs, [], threads=threads)) == []


def test_two_items_are_worked_on_at_once():
    together = threading.Barrier(2, timeout=60)
    assert sorted(in_threads(lambda x: together.wait(), range(4), threads=2)) == [0, 0, 1, 1]


@pytest.mark.parametrize(("threads", "ahead"), [(1, 1), (2, 3)])
def test_few_items_are_taken_before_their_time(threads, ahead):
    taken = []
    items = (taken.append(x) or x for x in range(10))
    results = in_threads(str, items, threads=threads)
    assert next(results) == "0"
    assert len(taken) == ahead
    assert next(results) == "1"
    assert len(taken) == ahead + 1
    results.close()
    assert len(taken) == ahead + 1


@pytest.mark.parametrize("threads", [1, 2])
def test_what_the_function_raises_is_raised_in_its_place(threads):
    results = in_threads(lambda x: 1 / x, [2, 1, 0, 4], threads=threads)
    assert [next(results), next(results)] == [0.5, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)
