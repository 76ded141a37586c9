import hashlib
from pathlib import Path

import numpy as np
import pytest

from arrhythmia.aami import CLASSES, DS1, SYMBOLS, labels_of
from arrhythmia.ecg.segmentation import cut_beats
from arrhythmia.features.table import FEATURES, beat_features
from arrhythmia.params import load_params
from arrhythmia.simulation.patients import STRATA, draw_patient
from arrhythmia.simulation.recordings import FALSE_DETECTION, detected, simulate_recording
from arrhythmia.simulation.rhythm import simulate_rhythm
from arrhythmia.simulation.waveforms import FS

SEGMENT = load_params(Path(__file__).parents[3] / "params.yaml")["segment"]


def features_and_labels(recordings):
    beats = cut_beats(recordings, source="simulated", **SEGMENT)
    return beat_features(beats), beats.label


@pytest.fixture(scope="module")
def simulated():
    """Features and labels of 4 patients of each stratum."""
    recordings = [simulate_recording(name, beats=600, seed=seed) for name in STRATA for seed in range(4)]
    return features_and_labels(recordings)


@pytest.fixture(scope="module")
def real(real_recordings):
    """Features and labels of DS1."""
    return features_and_labels([recording for recording in real_recordings if recording.name in DS1])


def test_a_seed_gives_the_same_patient_again_and_another_another():
    def digest(seed):
        recording = simulate_recording("s_2_to_10", beats=300, seed=seed)
        parts = recording.signal, recording.sample, recording.symbol
        return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()

    assert digest(1) == digest(1) != digest(2)


@pytest.mark.parametrize("stratum", STRATA)
def test_patients_have_the_share_of_supraventricular_beats_of_their_stratum(stratum):
    least, most = STRATA[stratum].s_share
    for seed in range(4):
        recording = simulate_recording(stratum, beats=600, seed=seed)
        share = np.isin(recording.symbol, list(SYMBOLS["S"])).mean()
        assert least - 0.02 <= share <= most + 0.02  # a detector misses a few


def test_patients_without_ectopy_have_normal_beats_only():
    for seed in range(8):
        symbols = set(simulate_recording("no_ectopy", beats=400, seed=seed).symbol)
        assert symbols <= {"N", FALSE_DETECTION}


@pytest.mark.parametrize(
    ("stratum", "symbols"),
    [
        ("aberrant_fibrillation", "a"),
        ("ventricular", "V"),
        ("sick_sinus", "jE"),
        ("junctional", "jJ"),
    ],
)
def test_strata_have_the_beats_that_they_are_named_after(stratum, symbols):
    recordings = [simulate_recording(stratum, beats=1000, seed=seed) for seed in range(6)]
    counts = [np.isin(recording.symbol, list(symbols)).sum() for recording in recordings]
    assert np.median(counts) >= 3


def test_r_peaks_lie_where_the_annotations_say():
    """On each annotation of a clean patient, the ECG is further from its median than at 95 % of samples."""
    recording = simulate_recording("no_ectopy", beats=500, seed=1)
    distance = np.abs(recording.signal - np.median(recording.signal))
    assert np.median(distance[recording.sample]) > np.quantile(distance, 0.95)


def test_the_detector_misses_and_invents_as_many_beats_as_it_is_told():
    rng = np.random.default_rng(0)
    rhythm = simulate_rhythm(draw_patient("no_ectopy", rng), 20_000, rng)
    sample, symbol = detected(rhythm, rng, missed=0.02, false=0.02)
    true = symbol != FALSE_DETECTION
    assert (~true).sum() == pytest.approx(0.02 * 20_000, rel=0.4)  # some would be too near to a beat
    assert true.sum() == pytest.approx(0.98 * 20_000, rel=0.01)
    assert np.diff(sample)[~true[1:]].min() >= 0.19 * FS
    error = np.abs(sample[true][:, None] / FS - rhythm.time[None, :][:, :50])[:40].min(axis=1)
    assert error.max() < 0.02


@pytest.mark.slow
@pytest.mark.parametrize(("name", "least_inside"), [("N", 0.9), ("S", 0.9), ("V", 0.9), ("F", 0.85)])
def test_real_beats_would_not_stand_out_among_simulated_ones(name, least_inside, simulated, real):
    """Most of DS1's beats of each class lie in the range of simulated ones, in every feature.

    Nine in ten of F are of one patient, 208, and more like the normal ones than any simulated.
    """
    theirs, ours = (table[label == CLASSES.index(name)] for table, label in (real, simulated))
    assert len(ours) > 50
    for column, feature in enumerate(FEATURES):
        least, most = np.nanquantile(ours[:, column], (0.01, 0.99))
        known = theirs[np.isfinite(theirs[:, column]), column]
        inside = ((known >= least) & (known <= most)).mean()
        assert inside > least_inside, (
            f"{feature}: only {inside:.0%} of {name} lie in {least:.2f} to {most:.2f}"
        )


@pytest.mark.parametrize("stratum", ["av_block", "noisy"])
def test_labels_of_simulated_recordings_are_those_of_aami(stratum):
    recording = simulate_recording(stratum, beats=300, seed=0)
    assert (labels_of(recording.symbol) >= 0).all()
