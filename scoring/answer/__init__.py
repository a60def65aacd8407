"""One answer taken apart: its sentences, its formulas and the relations between their sides."""
