"""Schedules, what their nights find against a baseline, and the alerts about it."""
