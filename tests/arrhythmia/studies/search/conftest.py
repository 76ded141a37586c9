import numpy as np
import pytest

from arrhythmia.utils.files import save_arrays
from stages import segment

LENGTH = 24


@pytest.fixture
def write_beats(make_beats):
    """Return a function that writes beats of three classes, told by their amplitude, and their split."""

    def write(n):
        rng = np.random.default_rng(0)
        label = np.arange(n) % 3
        waveform = rng.normal(0, 0.2, (n, LENGTH)).astype(np.float32)
        waveform[:, 8] += 1 + label
        rr = rng.uniform(0.5, 1.2, size=(n, 5)).astype(np.float32)
        segment.write(make_beats(label, waveform=waveform, rr=rr))
        train = np.arange(n - 6)
        save_arrays(
            "data/split/inter_patient.npz", train=train, test=np.arange(n - 6, n), fold=train // 3 % 2
        )

    return write
