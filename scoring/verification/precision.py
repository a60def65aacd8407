"""Compare two numbers at the precision that is displayed."""

from __future__ import annotations

import math

from scoring.formulas.rewriting import substitute
from scoring.formulas.tree import Binary, Negation, Node, Number, walk
from scoring.numeric.evaluation import Evaluation
from scoring.numeric.rounding import decimals_of

#: Relative error of a sum that a machine makes.
EXACT = 1e-9
#: Decimals from which a literal is taken for a rounded one, even behind an equals sign.
ROUNDED_DECIMALS = 3


def same_number(
    left: Node, right: Node, relation: str, rounded: frozenset[float], evaluation: Evaluation
) -> bool | None:
    """Return whether two constant expressions are equal as displayed; None where one has no value.

    A decimal stands for all numbers that round to it or are cut off to it. A result is not held to
    a precision that its operands cannot pin down: those in ``rounded``, those with three decimals
    or more, and all decimals behind ``≈`` may be off by half of their last digit.
    """
    a, b = _value(left, evaluation), _value(right, evaluation)
    if a is None or b is None:
        return None
    allowed = EXACT * max(1.0, abs(a), abs(b))
    allowed += _displayed(right, relation) + _displayed(left, relation)
    for node in (left, right):
        if _literal(node) is None:
            allowed += _carried(node, relation, rounded, evaluation)
    return abs(a - b) <= allowed


def _displayed(node: Node, relation: str) -> float:
    """Return by how much a lone literal may differ from what it stands for."""
    number = _literal(node)
    if number is None:
        return 0.0
    value, scale = number
    digits = decimals_of(value)
    if digits:
        return (
            1.0001 * scale * 10.0**-digits
            if relation == "≈" or digits > 1
            else (0.5001 * scale * 10.0**-digits)
        )
    if relation != "≈" or value == 0:
        return 0.0
    zeros = len(repr(int(value))) - len(repr(int(value)).rstrip("0"))
    return 0.5001 * scale * 10.0**zeros


def _literal(node: Node) -> tuple[float, float] | None:
    """Return a literal and what it counts in, as 0.01 of a percentage; None for other nodes."""
    scale = 1.0
    while not isinstance(node, Number):
        match node:
            case Negation(inner):
                node = inner
            case Binary("div", inner, Number(100.0 | 1000.0 as share)):
                node, scale = inner, scale / share
            case _:
                return None
    return node.value, scale


def _carried(node: Node, relation: str, rounded: frozenset[float], evaluation: Evaluation) -> float:
    """Return by how much an expression may be off because its operands are rounded."""
    exact = _value(node, evaluation)
    total = 0.0
    for value in {item.value for item in walk(node) if isinstance(item, Number)}:
        digits = decimals_of(value)
        loose = digits and (relation == "≈" or digits >= ROUNDED_DECIMALS or value in rounded)
        if not loose or exact is None:
            continue
        moved = substitute(node, {Number(value): Number(value + 0.5 * 10.0**-digits)})
        other = _value(moved, evaluation)
        if other is not None:
            total += 1.05 * abs(other - exact)
    return total


def _value(node: Node, evaluation: Evaluation) -> float | None:
    row = evaluation.row(node)
    if not row or len(row) != len(evaluation.row(Number(1.0)) or ()):
        return None
    value = row[0]
    if abs(value.imag) > 1e-9 * max(1.0, abs(value)) or not math.isfinite(value.real):
        return None
    return value.real
