"""Measurements of evalctl: ``python -m bench`` prints ratios and writes ``bench/results.json``."""
