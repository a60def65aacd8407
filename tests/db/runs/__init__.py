"""Tests of runs: how they are submitted, changed and controlled."""
