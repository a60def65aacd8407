"""Scoring: text in, verdicts per reference step out. Knows no database, queue or engine."""
