"""Verdicts after the run: of a newer scorer, of a judge model, of people."""
