"""What users change about a run as a whole: its name, its tags, and whether it stays."""
