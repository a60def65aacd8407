"""Tests of what is read of a run's results."""
