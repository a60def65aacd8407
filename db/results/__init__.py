"""What runs found: read for tables, reports, comparisons and exports."""
