"""Making training beats look like those of other patients."""

import numpy as np

GAIN = 0.15
"""Standard deviation of the logarithm of the random gain: about 15 %, the skin under an electrode."""


def mix_templates(waveform: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Give each beat a random polarity and gain, and lay the template beat of another one over it.

    The other is drawn among all training beats, so that mostly it is of another patient.

    The second channel (the beat minus its own patient's template beat) keeps saying what is unusual, while
    the first, which tells patients apart, can no longer be learnt by heart.

    Args:
        waveform: `(n, length, channels)`; first channel the beat, second, if there is one, the beat minus the
            template beat, so that their difference is the template beat.
        strength: highest factor, of either sign, of the other template beat.
        rng: where the randomness comes from.

    Returns:
        `(n, length, channels)` float32.
    """
    n = len(waveform)
    factor = rng.choice([-1.0, 1.0], size=n) * np.exp(GAIN * rng.standard_normal(n))
    changed = waveform * factor[:, None, None]
    if waveform.shape[2] > 1:
        other = rng.permutation(n)
        template = changed[other, :, 0] - changed[other, :, 1]
        changed[:, :, 0] += rng.uniform(-strength, strength, (n, 1)) * template
    return changed.astype(np.float32)
