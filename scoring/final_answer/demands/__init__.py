"""Forms of an answer that a question demands."""
