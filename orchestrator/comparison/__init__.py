"""What a run's results say of its models: which is ahead, and which to take."""
