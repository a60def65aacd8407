"""Tables for people, drawn from the rows of the analytics views."""
