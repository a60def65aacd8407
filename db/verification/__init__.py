"""Verifications in the database: the draft that one reads, and what it found."""
