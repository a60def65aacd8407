"""Expressions as numbers: evaluated at sample points and compared."""
