"""How an exact value is written."""

from __future__ import annotations

from fractions import Fraction


def as_fraction(value: Fraction) -> str:
    """Return a rational number as LaTeX, a whole one as digits."""
    if value.denominator == 1:
        return str(value.numerator)
    sign = "-" if value < 0 else ""
    return f"{sign}\\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"


def as_decimal(value: Fraction) -> str:
    """Return a rational number as a decimal, a whole one as digits."""
    return str(value.numerator) if value.denominator == 1 else str(float(value))
