import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrhythmia.aami import SYNTHETIC_RECORDS, labels_of
from arrhythmia.datasets.synthetic.rhythm import PATIENTS, draw_rhythm, draw_symbols, sine

seeds = st.integers(0, 2**32)


def rhythm(patient, seed, seconds):
    rng = np.random.default_rng(seed)
    return draw_rhythm(patient, sine(0.25, rng), rng, seconds=seconds)


def triples(symbols, times, middle):
    """Intervals before and after the lone beats with the symbol `middle`, in median intervals; `(n, 2)`."""
    intervals = np.diff(times)
    own = symbols == symbols[0]
    normal = np.median(intervals[own[1:] & own[:-1]])
    lone = np.flatnonzero(own[:-2] & (symbols[1:-1] == middle) & own[2:]) + 1
    return np.column_stack([intervals[lone - 1], intervals[lone]]) / normal


def test_there_is_a_patient_for_each_name_and_the_last_two_are_paced():
    assert len(PATIENTS) == len(SYNTHETIC_RECORDS)
    assert [patient.base == "/" for patient in PATIENTS] == [False] * 14 + [True] * 2


@settings(max_examples=30, deadline=None)
@given(seed=seeds, seconds=st.floats(60, 400))
def test_all_classes_are_in_both_halves_whatever_the_seed(seed, seconds):
    for half in (PATIENTS[0:14:2], PATIENTS[1:14:2]):
        symbols = np.concatenate([rhythm(patient, seed, seconds)[0] for patient in half])
        assert set(labels_of(symbols)) == {0, 1, 2, 3, 4}


@settings(max_examples=30, deadline=None)
@given(seed=seeds, seconds=st.floats(60, 400), patient=st.sampled_from(PATIENTS))
def test_beats_fill_the_recording_at_living_intervals(seed, seconds, patient):
    symbols, times = rhythm(patient, seed, seconds)
    assert len(symbols) == len(times)
    assert 0.2 < times[0] < 1
    assert seconds - 3 < times[-1] < seconds - 0.15
    assert np.diff(times).min() > 0.22
    assert np.diff(times).max() < 2.2


@settings(max_examples=30, deadline=None)
@given(seed=seeds, n=st.integers(80, 600), patient=st.sampled_from(PATIENTS))
def test_the_first_half_of_the_beats_has_each_symbol_of_the_patient(seed, n, patient):
    symbols = draw_symbols(patient, n, np.random.default_rng(seed))
    assert set(symbols[: n // 2 + 1]) == {patient.base, *patient.share}
    assert symbols[0] == symbols[1] == patient.base


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6, 9, 12, 13])
def test_a_ventricular_beat_is_followed_by_a_full_compensatory_pause(number):
    pair = triples(*rhythm(PATIENTS[number], 1, 600), "V")
    assert pair[:, 0].max() < 0.95
    assert pair[:, 1].min() > 1.05
    np.testing.assert_allclose(pair.sum(axis=1), 2, atol=0.25)
    np.testing.assert_allclose(pair.sum(axis=1).mean(), 2, atol=0.06)


@pytest.mark.parametrize("number", [0, 1, 5, 6, 7, 8, 9, 12])
def test_an_atrial_beat_is_early_and_the_pause_after_it_is_not_compensatory(number):
    pair = triples(*rhythm(PATIENTS[number], 1, 600), "A")
    assert np.mean(pair[:, 0] < 0.97) > 0.9
    assert pair[:, 0].mean() == pytest.approx(PATIENTS[number].early, abs=0.05)
    assert 0.97 < pair[:, 1].mean() < 1.12
    assert pair.sum(axis=1).mean() < 1.95


def test_some_atrial_beats_come_no_earlier_than_normal_ones_vary():
    symbols, times = rhythm(PATIENTS[0], 1, 2000)
    early = triples(symbols, times, "A")[:, 0]
    normal = triples(symbols, times, "N")[:, 0]
    assert early.max() > np.quantile(normal, 0.02)


def test_fusion_beats_come_almost_on_time():
    pair = triples(*rhythm(PATIENTS[3], 1, 600), "F")
    np.testing.assert_allclose(pair[:, 0], 0.95, atol=0.15)


def test_fibrillation_is_irregular_and_a_pacemaker_is_not():
    spread = {}
    for number in (0, 10, 14):
        symbols, times = rhythm(PATIENTS[number], 1, 600)
        own = symbols == PATIENTS[number].base
        intervals = np.diff(times)[own[1:] & own[:-1]]
        spread[number] = intervals.std() / intervals.mean()
    assert spread[10] > 0.15
    assert 0.02 < spread[0] < 0.08
    assert spread[14] < 0.01


def test_the_heart_beats_faster_while_the_patient_breathes_in():
    rng = np.random.default_rng(1)
    breath = sine(0.25, rng)
    symbols, times = draw_rhythm(PATIENTS[4], breath, rng, seconds=1200)
    own = (symbols[1:] == "L") & (symbols[:-1] == "L")
    assert np.corrcoef(np.diff(times)[own], breath(times[:-1][own]))[0, 1] > 0.4
