"""Exact arithmetic of the four operations, for checking the calculations that data sets state."""

from __future__ import annotations

import re
from fractions import Fraction

from problems.errors import ProblemError

MAX_TOKENS = 200
_TOKEN = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+|[-+*/()%])")


def calculate(written: str) -> Fraction:
    """Return the value of numbers joined by + - * / and brackets, ``%`` meaning hundredths.

    Raise `ProblemError` for anything else: nothing of the text is run.
    """
    tokens: list[str] = []
    at = 0
    while at < len(written):
        found = _TOKEN.match(written, at)
        if found is None or len(tokens) >= MAX_TOKENS or len(found[1]) > 30:
            raise ProblemError(f"{written!r} is not a calculation with numbers")
        tokens.append(found[1])
        at = found.end()
    value, rest = _sum(tokens, 0, written, 0)
    if rest != len(tokens):
        raise ProblemError(f"{written!r} is not a calculation with numbers")
    return value


def _sum(tokens: list[str], at: int, written: str, depth: int) -> tuple[Fraction, int]:
    value, at = _product(tokens, at, written, depth)
    while at < len(tokens) and tokens[at] in "+-":
        other, after = _product(tokens, at + 1, written, depth)
        value = value + other if tokens[at] == "+" else value - other
        at = after
    return value, at


def _product(tokens: list[str], at: int, written: str, depth: int) -> tuple[Fraction, int]:
    value, at = _factor(tokens, at, written, depth)
    while at < len(tokens) and tokens[at] in "*/":
        other, after = _factor(tokens, at + 1, written, depth)
        if tokens[at] == "/" and not other:
            raise ProblemError(f"{written!r} divides by zero")
        value = value * other if tokens[at] == "*" else value / other
        at = after
    return value, at


def _factor(tokens: list[str], at: int, written: str, depth: int) -> tuple[Fraction, int]:
    if at >= len(tokens) or depth > 40:
        raise ProblemError(f"{written!r} is not a calculation with numbers")
    head = tokens[at]
    if head in "+-":
        value, at = _factor(tokens, at + 1, written, depth + 1)
        return (-value if head == "-" else value), at
    if head == "(":
        value, at = _sum(tokens, at + 1, written, depth + 1)
        if at >= len(tokens) or tokens[at] != ")":
            raise ProblemError(f"a bracket is not closed in {written!r}")
        at += 1
    elif head in "*/)%":
        raise ProblemError(f"{written!r} is not a calculation with numbers")
    else:
        value, at = Fraction(head), at + 1
    while at < len(tokens) and tokens[at] == "%":
        value, at = value / 100, at + 1
    return value, at
