"""Compare two numbers at the precision that is displayed."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

from scoring.formulas.rewriting import substitute
from scoring.formulas.tree import (
    BigOperator,
    Binary,
    Call,
    Collection,
    Constant,
    Degrees,
    Function,
    Index,
    Interval,
    Matrix,
    Negation,
    Node,
    Number,
    PlusMinus,
    Variable,
    walk,
)
from scoring.numeric.compare import constant
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
    a, b = value_of(left, evaluation), value_of(right, evaluation)
    if a is None or b is None:
        return None
    if _displayed(right, a, relation) or _displayed(left, b, relation):
        return True
    allowed = EXACT * max(abs(a), abs(b)) + 1e-12
    for node in (left, right):
        if _literal(node) is None:
            allowed += _carried(node, relation, rounded, evaluation)
    return abs(a - b) <= allowed


def _displayed(node: Node, exact: complex, relation: str) -> bool:
    """Return whether a lone literal is a number rounded or cut off to what is displayed."""
    number = _literal(node)
    if number is None or abs(exact.imag) > EXACT * abs(exact):
        return False
    value, scale = number
    digits = decimals_of(value)
    if not digits and relation != "≈":
        return False
    if digits:
        unit = scale * 10.0**-digits
    else:
        whole = repr(int(abs(value)))
        unit = scale * 10.0 ** (len(whole) - len(whole.rstrip("0")))
    written, wanted, unit = value * scale, exact.real, abs(unit)
    cut_off = math.trunc(wanted / unit * (1 + 1e-12)) * unit
    return abs(written - wanted) <= 0.5001 * unit or (
        digits > 1 and abs(written - cut_off) <= 1e-6 * unit
    )


def _literal(node: Node) -> tuple[float, float] | None:
    """Return a literal and what it counts in, as 0.01 of a percentage; None for other nodes."""
    scale = 1.0
    while not isinstance(node, Number):
        match node:
            case Negation(inner):
                node, scale = inner, -scale
            case Binary("div", inner, Number(100.0 | 1000.0 as share)):
                node, scale = inner, scale / share
            case _:
                return None
    return node.value, scale


def _carried(node: Node, relation: str, rounded: frozenset[float], evaluation: Evaluation) -> float:
    """Return by how much an expression may be off because its operands are rounded."""
    exact = value_of(node, evaluation)
    total = 0.0
    for value in {item.value for item in walk(node) if isinstance(item, Number)}:
        digits = decimals_of(value)
        loose = digits and (relation == "≈" or digits >= ROUNDED_DECIMALS or value in rounded)
        if not loose or exact is None:
            continue
        moved = substitute(node, {Number(value): Number(value + 0.5 * 10.0**-digits)})
        other = value_of(moved, evaluation)
        if other is not None:
            total += 1.05 * abs(other - exact)
    return total


def value_of(node: Node, evaluation: Evaluation) -> complex | None:
    """Return the value of a constant expression, or None where it has not exactly one."""
    row = evaluation.row(node)
    if not row or len(row) != len(evaluation.row(Number(1.0)) or ()) or not constant(row):
        return None
    return row[0] if math.isfinite(abs(row[0])) else None


#: Functions under which a quotient can be read in one way only.
_CLOSED = frozenset(("sqrt", "abs", "exp"))
_OPEN = (Variable, Index, Call, Collection, Interval, Matrix, PlusMinus, BigOperator)


@lru_cache(maxsize=8192)
def is_arithmetic(node: Node) -> bool:
    """Return whether an expression holds numbers alone and can be read in one way only."""
    for item in walk(node):
        match item:
            case Binary("union" | "meet"):
                return False
            case Binary("div", Function(name)) if name not in _CLOSED:
                return False  # cos(2π)/7 may well be meant as cos(2π/7)
            case Function("sqrt" | "abs" | "ln" | "exp"):
                continue
            case Function(name):
                if name == "log" or not any(
                    isinstance(inner, Degrees) or inner == Constant("pi") for inner in walk(item)
                ):
                    return False
            case _ if isinstance(item, _OPEN):
                return False
    return True


def read_otherwise(node: Node) -> Node:
    """Return an expression with the quotients of functions read in the other way.

    ``cos(2π)/7`` becomes ``cos(2π/7)``.
    """
    table: dict[Node, Node] = {}
    for item in walk(node):
        match item:
            case Binary("div", Function(name) as function, right) if name not in _CLOSED:
                inner = Binary("div", function.argument, right)
                table[item] = replace(function, argument=inner)
            case _:
                continue
    return substitute(node, table) if table else node
