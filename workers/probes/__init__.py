"""Searches for limits, run as jobs: sequences per engine, engines per GPU, tokens per prompt."""
