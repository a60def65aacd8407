<<<<<<< HEAD
"""From tokens to expressions: lexer, parser, chains of relations, units of measurement and words."""
=======
"""From tokens to expressions: lexer, parser, chains of relations, units of measurement, words."""
>>>>>>> room-scoring
