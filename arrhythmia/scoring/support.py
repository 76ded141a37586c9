"""How many beats a score needs."""

MIN_SUPPORT = 10
"""Fewest beats of a class with which the F1 of a record counts in a mean by record, and a stratum has one."""
