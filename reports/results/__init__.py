"""What stands in a run's results beside its rows: the document and its notes."""
