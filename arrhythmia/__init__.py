"""Heartbeat classification from single-lead ECG; docs/development.md lists the packages."""
