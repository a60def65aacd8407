"""Numbers that are not plain digits."""
