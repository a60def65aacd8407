"""Tables for people, a module for each command or part of the results."""
