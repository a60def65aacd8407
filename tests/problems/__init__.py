"""Tests of the package ``problems``."""
