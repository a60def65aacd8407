"""Results that leave for other programs, a module per format."""
