"""Schedules, what their nights found, and the alerts about them."""
