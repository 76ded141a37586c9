import numpy as np
import pytest

from arrhythmia.datasets.synthetic.waveforms import (
    CONDUCTED,
    P,
    beat_waves,
    evaluate_waves,
    mixed,
    shapes_of_patient,
    varied,
    ventricular,
)

TIMES = np.arange(-0.35, 0.75, 0.001)


def test_a_wave_has_its_amplitude_at_its_centre_and_its_width():
    wave = np.array([(0.01, 0.02, 1.5, -0.5)])
    np.testing.assert_allclose(
        evaluate_waves(wave, np.array([0.01, 0.03, 5.0]), rr=0.5),
        [[1.5, -0.5], [1.5 * np.exp(-0.5), -0.5 * np.exp(-0.5)], [0, 0]],
    )


@pytest.mark.parametrize("rr", [0.36, 0.64, 1.0])
def test_t_moves_by_the_square_root_of_the_interval_and_the_rest_stays(rr):
    beat = evaluate_waves(np.array(CONDUCTED["N"]), TIMES, rr=rr)[:, 0]
    t_peak = TIMES[TIMES > 0.1][beat[TIMES > 0.1].argmax()]
    assert t_peak == pytest.approx(0.29 * np.sqrt(rr), abs=0.02)
    assert TIMES[beat.argmax()] == pytest.approx(0, abs=0.003)


@pytest.mark.parametrize("base", CONDUCTED)
@pytest.mark.parametrize("seed", range(20))
def test_the_patients_own_beat_peaks_at_r(base, seed):
    rng = np.random.default_rng(seed)
    shapes = shapes_of_patient(base, rng)
    beat = evaluate_waves(beat_waves(base, base, shapes, rng), TIMES, rr=0.8)[:, 0]
    qrs = np.abs(TIMES) < 0.07
    assert abs(TIMES[qrs][np.abs(beat[qrs]).argmax()]) < 0.005


@pytest.mark.parametrize("seed", range(20))
def test_a_ventricular_beat_has_no_p_and_its_t_is_opposite_to_its_qrs(seed):
    beat = evaluate_waves(ventricular(np.random.default_rng(seed)), TIMES, rr=1)
    at_r, at_t = beat[np.abs(TIMES).argmin()], beat[np.abs(TIMES - 0.3).argmin()]
    assert np.all(np.sign(at_r) == -np.sign(at_t))
    np.testing.assert_allclose(beat[TIMES < -0.2], 0, atol=0.01)


@pytest.mark.parametrize("base", ["N", "L", "R"])
def test_a_premature_atrial_beat_has_another_p_and_the_patients_qrs(base):
    shapes = shapes_of_patient(base, np.random.default_rng(1))
    own, atrial = shapes[base][0], shapes["A"][0]
    np.testing.assert_array_equal(own[1:], atrial[1:])
    assert np.all(own[P, 2:] != atrial[P, 2:])
    assert len({id(shape) for shape in shapes["A"]}) == 2, "a second, aberrant shape"


def test_foci_and_patients_differ():
    rng = np.random.default_rng(1)
    one, other = shapes_of_patient("N", rng), shapes_of_patient("N", rng)
    assert not np.allclose(one["N"], other["N"])
    assert not np.allclose(one["V"][0], other["V"][0])
    assert not np.allclose(one["V"][0], one["V"][-1])


def test_variation_changes_widths_and_amplitudes_by_its_spreads_and_never_moves_a_wave():
    waves = np.tile((0.1, 0.02, 1.0, -2.0), (2000, 1))
    changed = varied(waves, np.random.default_rng(1), amplitude=0.2, width=0.1)
    np.testing.assert_array_equal(changed[:, 0], 0.1)
    np.testing.assert_allclose(np.log(changed / waves).std(axis=0), [0, 0.1, 0.2, 0.2], atol=0.01)


def test_a_fusion_lies_between_its_parents_and_keeps_p_whole():
    one, other = np.array(CONDUCTED["N"]), ventricular(np.random.default_rng(1))
    waves = mixed(one, other, 0.25)
    np.testing.assert_array_equal(waves[P], one[P])
    expected = 0.25 * evaluate_waves(one[1:], TIMES, rr=1) + 0.75 * evaluate_waves(other[1:], TIMES, rr=1)
    without_p = evaluate_waves(waves, TIMES, rr=1) - evaluate_waves(one[P], TIMES, rr=1)
    np.testing.assert_allclose(without_p, expected, atol=1e-12)
    assert one[1, 2] == CONDUCTED["N"][1][2], "the parents stay as they were"


@pytest.mark.parametrize(("symbol", "base"), [("F", "N"), ("Q", "R"), ("f", "/"), ("N", "/"), ("A", "L")])
def test_beats_of_a_kind_differ_from_each_other(symbol, base):
    rng = np.random.default_rng(1)
    shapes = shapes_of_patient(base, rng)
    one, other = (evaluate_waves(beat_waves(symbol, base, shapes, rng), TIMES, rr=1) for _ in range(2))
    assert np.abs(one - other).max() > 0.01
