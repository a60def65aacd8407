"""Tests of the registry, and of what can run on a host."""
