"""From tokens to expressions: lexer, parser, chains of relations, units and words."""
