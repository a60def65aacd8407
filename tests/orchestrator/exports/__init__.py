"""Exports of results for other programs."""
