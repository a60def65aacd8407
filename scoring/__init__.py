"""Scoring: text in, verdicts per reference step out. Imports no database, no queue and no engine."""
