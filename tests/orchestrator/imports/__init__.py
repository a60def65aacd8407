"""Imports of answers made elsewhere."""
