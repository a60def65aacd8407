"""What keeps a database quick and small: gauges, kept results, and space given back."""
