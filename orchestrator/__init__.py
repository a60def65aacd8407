"""Decide what runs: the command line, experiments, submitting, watching, the reconciler and the supervisor."""
