"""What one generation took: memory samples, needs, clocks, and what casts doubt on them."""
