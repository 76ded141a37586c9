"""Heartbeat classification from single-lead ECG: pure functions, free of DVC, parameters and paths."""
