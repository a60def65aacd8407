"""From tokens to expressions: lexer, parser, chains of relations, units of measurement, words."""
