"""Verification with a model."""
