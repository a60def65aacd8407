"""Tests of schedules, their nights, baselines and alerts."""
