"""Claim a job, run it, commit its result."""
