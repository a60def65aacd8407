"""Decide what runs: command line, experiments, schedules, reconciler and supervisor."""
