import numpy as np
import pytest

from arrhythmia.training.augmentation import GAIN, mix_templates

BEATS, LENGTH = 400, 6


@pytest.fixture
def waveform():
    """Beats of as many patients; the difference of the channels is the patient's template beat."""
    rng = np.random.default_rng(0)
    template, unusual = rng.normal(size=(2, BEATS, LENGTH))
    return np.stack([template + unusual, unusual], axis=2).astype(np.float32)


def changed_by(waveform, strength=1.5, seed=1):
    return mix_templates(waveform, strength, np.random.default_rng(seed))


def factor_of(changed, waveform, channel):
    """Return each beat's factor, and check that it is one for all samples."""
    ratio = changed[:, :, channel] / waveform[:, :, channel]
    np.testing.assert_allclose(ratio, ratio[:, :1].repeat(LENGTH, axis=1), rtol=1e-3)
    return ratio[:, 0]


def test_what_is_unusual_is_only_scaled(waveform):
    changed = changed_by(waveform)
    assert changed.shape == waveform.shape
    assert changed.dtype == np.float32
    factor = factor_of(changed, waveform, channel=1)
    assert 0.4 < np.mean(factor > 0) < 0.6
    assert np.log(np.abs(factor)).mean() == pytest.approx(0, abs=3 * GAIN / np.sqrt(BEATS))
    assert np.log(np.abs(factor)).std() == pytest.approx(GAIN, rel=0.15)


def test_over_the_first_channel_lies_another_patients_template(waveform):
    strength = 1.5
    changed = changed_by(waveform, strength)
    factor = factor_of(changed, waveform, channel=1)[:, None]
    laid_over = changed[:, :, 0] - factor * waveform[:, :, 0]
    templates = waveform[:, :, 0] - waveform[:, :, 1]
    correlation = laid_over @ templates.T
    correlation /= np.linalg.norm(laid_over, axis=1)[:, None] * np.linalg.norm(templates, axis=1)
    other = np.abs(correlation).argmax(axis=1)
    np.testing.assert_allclose(np.abs(correlation).max(axis=1), 1, atol=1e-3)
    assert len(set(other)) == BEATS, "each patient is laid over one other"
    own_gain = np.linalg.norm(laid_over, axis=1) / np.linalg.norm(templates[other], axis=1)
    by_strength = own_gain / np.abs(factor[other, 0])
    assert by_strength.max() <= strength * 1.001
    assert by_strength.max() > 0.9 * strength
    assert by_strength.min() < 0.1 * strength


def test_strength_0_leaves_polarity_and_gain_alone_random(waveform):
    changed = changed_by(waveform, 0.0)
    np.testing.assert_allclose(
        factor_of(changed, waveform, channel=0), factor_of(changed, waveform, channel=1), rtol=1e-3
    )


def test_one_channel_is_only_scaled(waveform):
    alone = waveform[:, :, :1]
    changed = changed_by(alone)
    assert changed.shape == alone.shape
    factor = factor_of(changed, alone, channel=0)
    assert (factor < 0).any()
    assert (factor > 0).any()


def test_the_generator_decides(waveform):
    np.testing.assert_array_equal(changed_by(waveform, seed=1), changed_by(waveform, seed=1))
    assert (changed_by(waveform, seed=1) != changed_by(waveform, seed=2)).any()


def test_the_beats_that_are_given_stay_as_they_are(waveform):
    before = waveform.copy()
    changed_by(waveform)
    np.testing.assert_array_equal(waveform, before)
