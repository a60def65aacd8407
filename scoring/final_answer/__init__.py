"""The final answer: where it stands, and whether it is right."""
