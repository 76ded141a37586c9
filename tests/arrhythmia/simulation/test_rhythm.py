"""The rules of the textbooks, on patients without variability."""

from dataclasses import replace

import numpy as np
import pytest

from arrhythmia.simulation.patients import STRATA, draw_patient
from arrhythmia.simulation.rhythm import Heart, Origin, simulate_rhythm

CYCLE, PR = 0.8, 0.16


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def heart(rng):
    """Return a function that makes a heart of 0.8 s a beat without variability; words change its patient."""

    def make(beats=10_000, **groups):
        patient = draw_patient("no_ectopy", rng)
        still = dict.fromkeys(("respiratory", "spread", "jitter", "rate_changes"), 0.0)
        patient = replace(patient, sinus=replace(patient.sinus, cycle=CYCLE, pr=PR, **still))
        patient = replace(patient, sick_sinus=False)
        for name, changes in groups.items():
            patient = replace(patient, **{name: replace(getattr(patient, name), **changes)})
        return Heart(patient, beats, rng)

    return make


def intervals(heart):
    return np.diff(heart.rhythm().time)


def test_a_still_sinus_node_is_regular_and_has_a_p_wave_a_beat(heart):
    one = heart()
    for _ in range(20):
        one.sinus_beat()
    rhythm = one.rhythm()
    np.testing.assert_allclose(np.diff(rhythm.time), CYCLE)
    np.testing.assert_allclose(rhythm.time - rhythm.p_time, PR)


def test_sinus_intervals_breathe_with_the_period_of_respiration(heart):
    one = heart(sinus={"respiratory": 0.1, "respiratory_period": 4.0})
    for _ in range(400):
        one.sinus_beat()
    time = one.rhythm().time
    even = np.interp(np.arange(0, 240, 0.5), time[1:], np.diff(time))
    power = np.abs(np.fft.rfft(even - even.mean()))
    assert np.fft.rfftfreq(len(even), 0.5)[power.argmax()] == pytest.approx(1 / 4.0, abs=0.02)
    assert np.ptp(np.diff(time)) == pytest.approx(0.2 * CYCLE, rel=0.1)


def test_a_premature_ventricular_beat_has_a_full_compensatory_pause(heart):
    one = heart(ventricular={"coupling": (0.6, 0.6, 0.6), "coupling_spread": 0.0, "compensatory": 1.0})
    one.after_ventricular_beat(CYCLE, one.ventricular_beat(CYCLE, 0))
    before, after = intervals(one)
    assert before == pytest.approx(0.6 * CYCLE)
    assert before + after == pytest.approx(2 * CYCLE)
    assert one.rhythm().symbol.tolist() == ["N", "V", "N"]
    assert np.diff(one.rhythm().p_time) == pytest.approx(CYCLE)  # the sinus node goes on


def test_an_interpolated_beat_leaves_the_sinus_rhythm_almost_alone(heart):
    one = heart(ventricular={"coupling": (0.5, 0.5, 0.5), "coupling_spread": 0.0, "interpolated": 1.0})
    one.after_ventricular_beat(CYCLE, one.ventricular_beat(CYCLE, 0))
    assert CYCLE <= intervals(one).sum() <= 1.1 * CYCLE


def test_a_premature_atrial_beat_resets_the_sinus_node(heart):
    atrial = {"coupling": (0.7,) * 3, "coupling_spread": 0.0, "return_cycle": 1.1, "compensatory": 0.0}
    pauses = []
    for _ in range(200):
        one = heart(atrial=atrial | {"aberrancy": 0.0})
        one.after_atrial_beat(CYCLE, one.atrial_beat(CYCLE, 0))
        before, after = intervals(one)
        assert before == pytest.approx(0.7 * CYCLE)
        pauses.append(after)
    assert np.mean(pauses) == pytest.approx(1.1 * CYCLE, rel=0.02)
    assert before + np.mean(pauses) < 2 * CYCLE  # not compensatory
    assert one.rhythm().symbol.tolist() == ["N", "A", "N"]
    assert one.rhythm().p_origin.tolist() == [Origin.SINUS, Origin.ECTOPIC, Origin.SINUS]


def test_a_blocked_atrial_beat_has_a_p_wave_and_no_complex(heart):
    one = heart(atrial={"blocked": 1.0, "run": 0.0, "bigeminy": 0.0, "coupling": (0.6,) * 3})
    one.atrial_ectopy()
    rhythm = one.rhythm()
    assert rhythm.symbol.tolist() == ["N", "N"]
    assert (rhythm.p_origin == Origin.ECTOPIC).sum() == 1
    assert CYCLE < intervals(one)[0] < 2 * CYCLE


def test_runs_of_atrial_beats_are_faster_than_the_sinus_rhythm(heart):
    for _ in range(50):
        one = heart(atrial={"multifocal": False, "slow_run": 0.0, "aberrancy": 0.0, "run_length": 8})
        one.atrial_run(CYCLE)
        in_run = one.rhythm().symbol == "A"
        assert in_run.sum() >= 2
        assert np.median(intervals(one)[in_run[1:]]) < CYCLE


def test_wenckebach_intervals_grow_by_less_each_time_until_a_beat_is_dropped(heart):
    one = heart()
    one._wenckebach(1)
    rhythm = one.rhythm()
    assert len(rhythm.p_time) == len(rhythm.time) + 1
    interval = np.diff(rhythm.time)
    pr = rhythm.time[:-1] - rhythm.p_time[: len(rhythm.time) - 1]
    increments = np.diff(pr)
    assert pr[0] == pytest.approx(PR)
    assert (increments > 0).all()
    assert (np.diff(increments) < 0).all()
    assert interval[-1] < 2 * interval[:-1].min()  # the pause is shorter than two cycles
    assert rhythm.time[-1] - rhythm.p_time[-1] == pytest.approx(PR)


def test_mobitz_blocks_drop_beats_without_a_longer_pr(heart):
    one = heart()
    one._mobitz(40)
    rhythm = one.rhythm()
    cycles = np.diff(rhythm.time) / CYCLE
    np.testing.assert_allclose(cycles, np.round(cycles), atol=1e-9)
    assert round(cycles.max()) in (2, 3)
    assert len(rhythm.p_time) == 1 + round(cycles.sum())
    np.testing.assert_allclose(np.diff(rhythm.p_time), CYCLE)


def test_in_complete_block_atria_and_ventricles_go_their_own_ways(heart):
    one = heart()
    one._complete_block(60)
    rhythm = one.rhythm()
    rate = 60 / np.diff(rhythm.time)[1:-1]
    assert 26 < np.median(rate) < 52
    assert set(rhythm.symbol[1:-1]) in ({"E"}, {"j"})
    np.testing.assert_allclose(np.diff(rhythm.p_time)[:-1], CYCLE)
    pr = rhythm.time[1:-1] - rhythm.p_time[np.searchsorted(rhythm.p_time, rhythm.time[1:-1]) - 1]
    assert np.ptp(pr) > 0.7 * CYCLE  # any PR interval occurs


def test_fibrillation_is_irregular_without_memory_and_without_p_waves(heart):
    one = heart(fibrillation={"permanent": True, "cycle": 0.7, "spread": 0.25, "flutter": 0.0})
    one.fibrillation(2000)
    rhythm = one.rhythm()
    interval = np.log(np.diff(rhythm.time))
    assert 0.15 < interval.std() < 0.35
    changes = interval - np.convolve(interval, np.ones(51) / 51, "same")
    assert abs(np.corrcoef(changes[1:], changes[:-1])[0, 1]) < 0.1
    start, end = rhythm.fibrillation[0]
    assert not ((rhythm.p_time > start) & (rhythm.p_time < end)).any()
    assert len(rhythm.flutter) == 0


def test_aberrant_beats_of_fibrillation_end_a_short_interval_after_a_long_one(heart):
    one = heart(
        fibrillation={"permanent": True, "cycle": 0.7, "spread": 0.25, "flutter": 0.0, "aberrancy": 0.4}
    )
    one.fibrillation(3000)
    interval, aberrant = intervals(one), one.rhythm().symbol[1:] == "a"
    rows = np.flatnonzero(aberrant)
    rows = rows[rows > 0]
    assert len(rows) > 50
    assert (interval[rows] < interval[rows - 1]).mean() > 0.95


def test_flutter_conducts_every_second_to_fifth_wave(heart):
    one = heart(fibrillation={"permanent": True, "flutter": 1.0})
    one.fibrillation(2000)
    rhythm = one.rhythm()
    hertz = rhythm.flutter[0, 2]
    assert 3.5 < hertz < 6
    ratio = np.diff(rhythm.time)[1:] * hertz
    nearest = np.round(ratio)
    assert set(nearest) <= {2, 3, 4, 5}
    assert np.median(np.abs(ratio - nearest)) < 0.1


def test_a_sinus_pause_has_no_p_wave_until_it_ends(heart):
    for _ in range(50):
        one = heart()
        one.sinus_pause()
        rhythm = one.rhythm()
        assert len(rhythm.p_time) == 2
        assert set(rhythm.symbol) <= {"N", "j", "E"}
        assert np.diff(rhythm.time).max() > min(1.3 * CYCLE, 0.95)


def test_junctional_beats_are_escape_beats_or_premature(heart):
    kinds = set()
    for _ in range(50):
        one = heart()
        one.junctional_rhythm()
        symbol, interval = one.rhythm().symbol[1], np.median(intervals(one)[:-1])
        assert (interval < 0.96 * CYCLE) if symbol == "J" else (interval > 0.9 * CYCLE)
        kinds.add(symbol)
    assert kinds == {"J", "j"}


@pytest.mark.parametrize("stratum", STRATA)
def test_any_patients_rhythm_is_in_order_and_of_the_length_asked_for(stratum):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        rhythm = simulate_rhythm(draw_patient(stratum, rng), 500, rng)
        assert len(rhythm.time) == len(rhythm.symbol) == len(rhythm.focus) == 500
        assert np.diff(rhythm.time).min() >= 0.2199
        assert np.diff(rhythm.time).max() < 10
        assert (np.diff(rhythm.p_time) >= 0).all()
        assert (rhythm.fibrillation[:, 0] < rhythm.fibrillation[:, 1]).all()
        assert set(rhythm.symbol) <= set("NjAaJVEF")
