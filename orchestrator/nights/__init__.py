"""Schedules, what their nights find against a baseline, and who is told."""
