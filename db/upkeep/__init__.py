"""The space that a database takes, and giving some of it back."""
