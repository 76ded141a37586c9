"""Rounding of numbers that go into files: not finer than they are known, the same on every processor."""

FLOAT32_DIGITS = 9
"""Significant digits that tell any two float32 numbers apart."""


def to_digits(number: float, digits: int) -> float:
    """Return `number` with as many significant digits."""
    return float(f"{number:.{digits}g}")
