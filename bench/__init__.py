"""Measurements of evalctl itself: ``python -m bench`` prints ratios and writes ``bench/results.json``."""
