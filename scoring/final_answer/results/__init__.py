"""What the sentences of a conclusion name as its result."""
