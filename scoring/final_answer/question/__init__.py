"""What a problem gives and asks for."""
