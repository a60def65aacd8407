"""Verification with a model: what computation leaves open goes to a server."""
