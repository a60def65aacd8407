"""Tests of metrics and dumps."""
