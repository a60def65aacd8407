"""Tests of verdicts after the run: rescoring, judges, people."""
