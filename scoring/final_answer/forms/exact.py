"""Rational arithmetic on written numbers.

Exact where floating point would call different numbers equal.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

#: Bits that a numerator or denominator may have.
MAX_BITS = 20_000
MAX_FACTORIAL = 1000
MAX_EXPONENT = 4096
MAX_TOKENS = 400
MAX_DEPTH = 40
_TOKEN = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+|\\frac|\\binom|\\[{}]|[-+*/^(){}\[\]!%])")


class _NotExactError(ValueError):
    """The text is not rational arithmetic, or beyond the bounds."""


def exact(written: str) -> Fraction | None:
    r"""Return the value of rational arithmetic such as ``2^{90}-1`` or ``\frac{1}{3^{60}}``.

    None for anything else.
    """
    tokens: list[str] = []
    at = 0
    written = written.strip()
    while at < len(written):
        found = _TOKEN.match(written, at)
        if found is None or len(tokens) > MAX_TOKENS:
            return None
        tokens.append(found.group(1))
        at = found.end()
    try:
        reader = _Reader(tokens)
        value = reader.sum()
        return value if reader.at == len(tokens) and tokens else None
    except (_NotExactError, ZeroDivisionError, OverflowError, RecursionError):
        return None


def _bounded(value: Fraction) -> Fraction:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        raise _NotExactError
    return value


class _Reader:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        mark = self.peek()
        if not mark:
            raise _NotExactError
        self.at += 1
        return mark

    def sum(self) -> Fraction:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _NotExactError
        value = self.product()
        while self.peek() in ("+", "-"):
            value = value + self.product() if self.take() == "+" else value - self.product()
        self.depth -= 1
        return _bounded(value)

    def product(self) -> Fraction:
        value = self.signed()
        while True:
            mark = self.peek()
            if mark in ("*", "/"):
                self.at += 1
                right = self.signed()
                value = value * right if mark == "*" else value / right
            elif mark in ("(", "{", "\\frac", "\\binom"):
                value *= self.power()
            else:
                return _bounded(value)

    def signed(self) -> Fraction:
        sign = 1
        while self.peek() in ("-", "+"):
            sign = -sign if self.take() == "-" else sign
        return sign * self.power()

    def power(self) -> Fraction:
        value = self.atom()
        while self.peek() in ("^", "!", "%"):
            mark = self.take()
            if mark == "%":
                value /= 100
            elif mark == "!":
                if value.denominator != 1 or not 0 <= value <= MAX_FACTORIAL:
                    raise _NotExactError
                value = Fraction(math.factorial(int(value)))
            else:
                value = _raised(value, self.exponent())
        return _bounded(value)

    def exponent(self) -> Fraction:
        if self.peek() in ("-", "+"):
            sign = -1 if self.take() == "-" else 1
            return sign * self.power()
        return self.power()

    def atom(self) -> Fraction:
        mark = self.take()
        if mark[0].isdigit() or mark[0] == ".":
            return Fraction(mark)
        if mark == "\\frac":
            top, bottom = self.atom(), self.atom()
            return top / bottom
        if mark == "\\binom":
            top, bottom = self.atom(), self.atom()
            if (
                top.denominator != 1
                or bottom.denominator != 1
                or not 0 <= bottom <= top <= MAX_FACTORIAL
            ):
                raise _NotExactError
            return Fraction(math.comb(int(top), int(bottom)))
        closing = {"(": ")", "{": "}", "[": "]"}.get(mark)
        if closing is None:
            raise _NotExactError
        value = self.sum()
        if self.take() != closing:
            raise _NotExactError
        return value


def _raised(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1 or abs(exponent) > MAX_EXPONENT:
        raise _NotExactError
    power = int(exponent)
    if max(abs(base.numerator), base.denominator).bit_length() * abs(power) > MAX_BITS:
        raise _NotExactError
    return base**power


_DECIMAL = re.compile(r"-?\s*\d*\.\d+")


def is_decimal(text: str) -> bool:
    """Return whether a value is written as a decimal with digits behind its point."""
    return _DECIMAL.fullmatch(text.strip()) is not None
