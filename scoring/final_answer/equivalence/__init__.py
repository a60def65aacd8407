"""Whether two forms are the same answer."""
