"""Verification of steps."""
