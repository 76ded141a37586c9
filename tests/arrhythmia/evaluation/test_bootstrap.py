import time

import numpy as np
import pytest

from arrhythmia.evaluation import bootstrap
from arrhythmia.scoring import metrics


def generator():
    return np.random.default_rng(0)


def test_by_record_draws_whole_records():
    counts = np.zeros((2, 5, 5), np.int64)
    counts[0, 0, 0], counts[1, 1, 1] = 10, 1
    resamples = bootstrap.by_record(counts, replicates=200, rng=generator())
    assert resamples.shape == (200, 5, 5)
    drawn = {(int(first), int(second)) for first, second in resamples[:, [0, 1], [0, 1]]}
    assert drawn == {(20, 0), (10, 1), (0, 2)}  # two draws of two records


def test_by_beat_keeps_the_number_of_beats_and_draws_no_empty_cell():
    counts = np.diag([30, 10, 0, 0, 5])
    resamples = bootstrap.by_beat(counts, replicates=100, rng=generator())
    assert resamples.shape == (100, 5, 5)
    assert (resamples.sum((1, 2)) == 45).all()
    assert not resamples[:, counts == 0].any()
    assert len(np.unique(resamples[:, 0, 0])) > 5


@pytest.mark.parametrize("draw", [bootstrap.by_record, lambda c, **k: bootstrap.by_beat(c.sum(0), **k)])
def test_the_same_seed_draws_the_same_resamples(draw):
    counts = generator().integers(0, 9, (4, 5, 5))
    first, second = (draw(counts, replicates=20, rng=np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_interval_holds_the_middle_95_percent():
    assert bootstrap.interval(np.arange(1001) / 1000) == pytest.approx((0.025, 0.975))


def test_interval_of_an_accuracy_is_near_the_normal_one():
    counts = np.zeros((5, 5), np.int64)
    counts[0, 0], counts[0, 1] = 800, 200
    resamples = bootstrap.by_beat(counts, replicates=4000, rng=generator())
    low, high = bootstrap.interval(metrics.accuracy(resamples))
    spread = 1.96 * np.sqrt(0.8 * 0.2 / 1000)
    assert (low, high) == pytest.approx((0.8 - spread, 0.8 + spread), abs=0.004)


def test_records_that_differ_widen_the_interval_by_record_only():
    good, bad = np.diag([100, 0, 0, 0, 0]), np.zeros((5, 5), np.int64)
    bad[0, 1] = 100
    counts = np.stack([good, good, bad, bad])
    resamples = bootstrap.by_record(counts, replicates=2000, rng=generator())
    assert bootstrap.interval(metrics.accuracy(resamples)) == (0, 1)
    resamples = bootstrap.by_beat(counts.sum(0), replicates=2000, rng=generator())
    low, high = bootstrap.interval(metrics.accuracy(resamples))
    assert 0.4 < low < high < 0.6


def test_two_thousand_resamples_of_48_records_are_quick():
    counts = generator().integers(0, 2000, (48, 5, 5))
    start = time.process_time()
    metrics.j_kappa(bootstrap.by_record(counts, replicates=2000, rng=generator()))
    assert time.process_time() - start < 1
