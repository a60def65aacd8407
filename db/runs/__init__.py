"""Runs: submitted, found, paused, cancelled, renamed and deleted; imported ones too."""
