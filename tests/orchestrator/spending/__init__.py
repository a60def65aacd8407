"""Tests of estimates and budgets."""
