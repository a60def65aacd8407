"""Tests of what keeps a database quick and small."""
