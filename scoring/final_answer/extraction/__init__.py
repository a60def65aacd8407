"""Where a text states its final answer."""
