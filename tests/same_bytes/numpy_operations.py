"""Operations of NumPy and SciPy that the stages use, on numbers with all their bits in play."""

import numpy as np
from scipy.special import log_softmax, logsumexp

from arrhythmia.ecg.conditioning import condition
from arrhythmia.training.calibration import fit_temperature

ELEMENTWISE = {
    "exp": lambda x: np.exp(-x),
    "log": np.log,
    "log1p": np.log1p,
    "power": lambda x: x ** x.dtype.type(-0.3),
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "divide": lambda x: x.dtype.type(1.2345) / x,
}
REDUCTIONS = {
    "sum": np.sum,
    "std": np.std,
    "median": np.median,
    "quantile": lambda x: np.quantile(x, 0.3),
    "dot": lambda x: x @ x,
    "convolve": lambda x: np.convolve(x[:5000], x[5000:5064]),
    "logsumexp": logsumexp,
}


def results():
    """Return what each operation gives, by name."""
    rng = np.random.default_rng(0)
    found = {}
    for kind in (np.float32, np.float64):
        x = (rng.random(100_003) * 8 + 1e-3).astype(kind)
        tall, wide = (rng.standard_normal(shape).astype(kind) for shape in ((300, 201), (201, 64)))
        here = {name: operation(x) for name, operation in (ELEMENTWISE | REDUCTIONS).items()}
        here |= {"matmul": tall @ wide, "matrix times vector": tall @ wide[:, 0], "sum by row": tall.sum(1)}
        here |= {"einsum": np.einsum("ij,ij->i", tall, tall), "qr": np.linalg.qr(tall)[0]}
        found |= {f"{name} {kind.__name__}": value for name, value in here.items()}
    logits = rng.normal(0, 2, (9000, 5)).astype(np.float32)
    label = np.where(rng.random(9000) < 0.7, logits.argmax(1), rng.integers(0, 5, 9000))
    ecg = condition(np.cumsum(rng.normal(0, 0.02, 100_000)).astype(np.float32), 250)
    found |= {"conditioned signal": ecg.signal, "slope, rounded": ecg.slope.round(6)}
    return found | {"log_softmax": log_softmax(logits, axis=1), "temperature": fit_temperature(logits, label)}
