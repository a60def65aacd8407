"""A place in the tokens of one formula, and the levels of the grammar to read from there."""

from __future__ import annotations

from abc import ABC, abstractmethod

from scoring.formulas.token import Token
from scoring.formulas.tree import Node, ParseError

MAX_TOKENS = 600
MAX_DEPTH = 60
#: Operators of one formula: its tree is not deeper, and reading it needs a stack of known depth.
MAX_OPERATORS = 200
#: Tokens that are looked through for the end of a bracket.
MAX_BRACKET = 80


class Cursor(ABC):
    """Where a parser stands.

    ``scalars`` are names declared as numbers, so that ``x(x+1)`` is a product.

    The parts of the grammar reach each other through the levels, not through imports.
    """

    def __init__(
        self, tokens: list[Token], scalars: frozenset[str] = frozenset(), *, tight: bool = False
    ) -> None:
        if len(tokens) > MAX_TOKENS:
            raise ParseError("too many tokens")
        self.tokens = tokens
        self.scalars = scalars
        #: Whether ``1/2n`` is read as ``1/(2n)``; ``ambiguous`` says that it stood somewhere.
        self.tight = tight
        self.ambiguous = False
        self.at = 0
        self.depth = 0
        self.operators = 0
        self.bars = 0

    def peek(self, ahead: int = 0) -> Token | None:
        """Return a token without taking it."""
        index = self.at + ahead
        return self.tokens[index] if index < len(self.tokens) else None

    def is_op(self, *texts: str) -> bool:
        """Return whether the next token is one of these operators."""
        if self.at >= len(self.tokens):
            return False
        token = self.tokens[self.at]
        return token.kind == "op" and token.text in texts

    def take(self) -> Token:
        """Take the next token."""
        if self.at >= len(self.tokens):
            raise ParseError("ends early")
        self.at += 1
        return self.tokens[self.at - 1]

    def operator(self) -> str:
        """Take the next token as an operator; raises `ParseError` where there are too many."""
        self.count()
        return self.take().text

    def count(self) -> None:
        """Count one more operator."""
        self.operators += 1
        if self.operators > MAX_OPERATORS:
            raise ParseError("too many operators")

    def expect(self, text: str) -> None:
        """Take a token that must have this text."""
        if self.take().text != text:
            raise ParseError(f"no {text}")

    def bracketed(self) -> list[Token] | None:
        """Return the tokens of the bracket that comes next, without taking them."""
        depth = 0
        found: list[Token] = []
        for token in self.tokens[self.at : self.at + MAX_BRACKET]:
            if token.kind == "open":
                depth += 1
            elif token.kind == "close":
                depth -= 1
            if depth == 0:
                return found[1:]
            found.append(token)
        return None

    # The levels, from loose to tight.

    @abstractmethod
    def inner(self, tokens: list[Token]) -> Node:
        """Return the expression that other tokens make, as deep as this one already is."""

    @abstractmethod
    def listed(self) -> Node:
        """Read items separated by commas as a tuple."""

    @abstractmethod
    def sum(self) -> Node:
        """Read terms joined by plus and minus."""

    @abstractmethod
    def product(self) -> Node:
        """Read factors joined by signs or by standing side by side."""

    @abstractmethod
    def starts_factor(self) -> bool:
        """Return whether the next token can begin a factor without a sign before it."""

    @abstractmethod
    def power(self) -> Node:
        """Read an atom with what stands above and behind it."""

    @abstractmethod
    def behind(self, node: Node) -> Node:
        """Read powers, factorials, degrees and percent signs behind an atom."""

    @abstractmethod
    def script(self) -> Node:
        """Read the argument of ``^`` or ``_``: a group, a sign with an atom, or one atom."""

    @abstractmethod
    def atom(self) -> Node:
        """Read a number, name, function, bracket or large sign."""
