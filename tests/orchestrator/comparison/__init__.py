"""Tests of comparisons and recommendations as a user runs them."""
