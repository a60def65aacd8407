"""Runs: what is submitted, checked and planned, and followed until it ends."""
