"""The shapes of synthetic heartbeats: each beat is a sum of Gaussian waves in two leads.

The waves P, Q, R, S and T are those of P. E. McSharry, G. D. Clifford, L. Tarassenko, L. A. Smith, "A
dynamical model for generating synthetic electrocardiogram signals", IEEE Trans Biomed Eng 50(3):289-294,
2003, with T in two halves, since real ones rise slowly and fall fast. Where McSharry integrates a
differential equation to visit the waves, we evaluate them directly around each beat. Abnormal beats are
perturbations of the patient's own beat, or waves of their own, as in G. D. Clifford, S. Nemati, R. Sameni,
"An artificial vector model for generating abnormal electrocardiographic rhythms", Physiol Meas 31(5):595-609,
2010. The numbers are ours, set by eye beside real recordings.

`waves` is everywhere an array `(n_waves, 4)`, in the order P, QRS complex, T, with the columns centre (s
after the R peak), width (standard deviation, s), amplitude in MLII (mV) and amplitude in V1 (mV).
"""

import numpy as np

P, QRS = slice(0, 1), slice(1, 4)
"""Rows of a shape; those of T follow."""

T_STARTS = 0.15
"""Waves centred later than this belong to T, s."""

CONDUCTED = {
    "N": [
        (-0.165, 0.022, 0.13, 0.06),
        (-0.024, 0.009, -0.10, 0.20),
        (0.000, 0.011, 1.25, -0.10),
        (0.025, 0.013, -0.25, -0.80),
        (0.250, 0.060, 0.13, 0.05),
        (0.295, 0.036, 0.20, 0.07),
    ],
    "L": [  # left bundle branch block: wide, slurred upstroke, T against the QRS
        (-0.190, 0.024, 0.12, 0.05),
        (-0.048, 0.016, 0.40, -0.35),
        (0.000, 0.023, 1.00, -1.25),
        (0.046, 0.016, 0.25, -0.45),
        (0.260, 0.060, -0.16, 0.25),
        (0.315, 0.040, -0.20, 0.28),
    ],
    "R": [  # right bundle branch block: broad S in MLII, rSR' in V1
        (-0.170, 0.022, 0.13, 0.06),
        (-0.028, 0.010, -0.08, 0.25),
        (0.000, 0.012, 1.10, -0.55),
        (0.052, 0.021, -0.38, 0.75),
        (0.255, 0.060, 0.12, -0.12),
        (0.300, 0.038, 0.17, -0.16),
    ],
    "/": [  # paced from the right ventricle: the spike stands in the place of P
        (-0.085, 0.003, 0.40, -0.35),
        (-0.045, 0.018, -0.30, -0.30),
        (0.000, 0.026, -1.10, -0.90),
        (0.055, 0.022, -0.45, -0.50),
        (0.290, 0.060, 0.24, 0.20),
        (0.350, 0.042, 0.32, 0.26),
    ],
}
"""Waves of the beats of a basic rhythm by annotation symbol, at 60 beats a minute."""


def shapes_of_patient(base: str, rng: np.random.Generator) -> dict[str, list[np.ndarray]]:
    """Draw one patient's beat shapes.

    Args:
        base: symbol of the basic rhythm, a key of `CONDUCTED`.
        rng: source of the patient's morphology.

    Returns:
        By symbol a list of waves to choose from: the patient's own beat under `base`, two ventricular foci
        under `V`, premature atrial beats under `A`, and under `N` in paced patients the conducted beat. Beats
        with other symbols are mixtures of these (`beat_waves`).
    """
    own = varied(CONDUCTED[base], rng, amplitude=0.18, width=0.10)
    own[QRS, 2:] *= rng.uniform(0.75, 1.25, 2)  # the heart's axis
    atrial = own.copy()  # an ectopic atrial focus: P comes closer to the QRS, smaller, flat or upside down
    atrial[P, 0] += rng.uniform(0.0, 0.045)
    atrial[P, 2:] *= rng.choice([-0.9, 0.0, 0.5, 0.8])
    aberrant = atrial.copy()  # now and then the premature beat is partly blocked on its way down
    aberrant[QRS, :2] *= 1.35
    conducted = varied(CONDUCTED["N"], rng, amplitude=0.18, width=0.10)
    return {
        "N": [conducted],
        "A": [atrial] * 9 + [aberrant],
        "V": [ventricular(rng)] * 4 + [ventricular(rng)],  # one focus is mostly the active one
        base: [own],
    }


def ventricular(rng: np.random.Generator) -> np.ndarray:
    """Draw the `(6, 4)` waves of one ventricular focus: no P, wide QRS, T against the QRS."""
    width = rng.uniform(0.024, 0.042)
    main = rng.choice([-1.0, 1.0], 2) * rng.uniform(0.9, 1.8, 2)  # mV in MLII, V1
    early, late = main * rng.uniform(-0.3, 0.3, 2), -main * rng.uniform(0.2, 0.6, 2)
    t = -main * rng.uniform(0.15, 0.3, 2)
    return np.array(
        [
            (-0.165, 0.022, 0.0, 0.0),
            (-1.7 * width, 0.7 * width, *early),
            (0.0, width, *main),
            (2.6 * width, 0.9 * width, *late),
            (0.27, 0.065, *t),
            (0.33, 0.045, *t),
        ]
    )


def beat_waves(
    symbol: str, base: str, shapes: dict[str, list[np.ndarray]], rng: np.random.Generator
) -> np.ndarray:
    """Draw the waves of one beat, at 60 beats a minute.

    Args:
        symbol: annotation symbol of the beat.
        base: symbol of the patient's basic rhythm.
        shapes: the patient's shapes (`shapes_of_patient`).
        rng: source of the variation from beat to beat.

    Returns:
        `(n_waves, 4)` waves.
    """
    own, focus = shapes[base][0], shapes["V"][0]
    if symbol == "F":
        waves = mixed(own, focus, rng.uniform(0.3, 0.7))
    elif symbol == "f":
        waves = mixed(own, shapes["N"][0], rng.uniform(0.3, 0.7))
    elif symbol == "Q":  # unclassifiable: like nothing else, and never twice the same
        waves = varied(mixed(own, ventricular(rng), rng.uniform(0.2, 0.8)), rng, amplitude=0.5, width=0.3)
    else:
        waves = shapes[symbol][rng.integers(len(shapes[symbol]))]
    return varied(waves, rng, amplitude=0.035, width=0.02)


def varied(waves: np.ndarray, rng: np.random.Generator, *, amplitude: float, width: float) -> np.ndarray:
    """Return a copy of `waves` whose amplitudes and widths differ by log-normal factors of these spreads."""
    changed = np.array(waves)
    changed[:, 1] *= np.exp(rng.normal(0, width, len(changed)))
    changed[:, 2:] *= np.exp(rng.normal(0, amplitude, (len(changed), 2)))
    return changed


def mixed(one: np.ndarray, other: np.ndarray, weight: float) -> np.ndarray:
    """Return a `(12, 4)` fusion of two `(6, 4)` shapes: P of both, QRS and T of `one` by `weight` (0..1)."""
    one, other = one.copy(), other.copy()
    one[1:, 2:] *= weight
    other[1:, 2:] *= 1 - weight
    return np.concatenate([one, other])


def evaluate_waves(waves: np.ndarray, times: np.ndarray, *, rr: float) -> np.ndarray:
    """Evaluate the waves of one beat.

    Args:
        waves: `(n_waves, 4)` waves at 60 beats a minute.
        times: `(n,)` s after the R peak.
        rr: RR interval that sets the QT interval, s: T moves by its square root (Bazett).

    Returns:
        `(n, 2)` mV in MLII and V1.
    """
    stretch = np.where(waves[:, 0] > T_STARTS, np.sqrt(rr), 1.0)
    z = (times[:, None] - waves[:, 0] * stretch) / (waves[:, 1] * stretch)  # (n, n_waves)
    return np.exp(-0.5 * z * z) @ waves[:, 2:]
