"""Notations that say the same in other signs: times, counts, bases, vectors, names, units."""
