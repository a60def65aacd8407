"""Tests of the package ``db``."""
