"""What goes wrong where an expression is computed."""

from __future__ import annotations


class UnknownValueError(ArithmeticError):
    """The expression has no value that this evaluator can give."""
