"""Tests of the package ``scoring``."""
