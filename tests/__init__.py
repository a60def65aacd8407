"""Tests of the whole system, a folder per package."""
