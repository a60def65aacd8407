"""Searches for limits, run as jobs of the queue: sequences in one engine, engines on one card, tokens of one prompt."""
