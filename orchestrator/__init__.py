"""Decide what runs: the command line, planning, submitting, following, the reconciler and the supervisor."""
