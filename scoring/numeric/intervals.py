"""Compare intervals, written with brackets or as inequalities, by their ends."""

from __future__ import annotations

import itertools
import math

from scoring.formulas.chains import Chain
from scoring.formulas.tree import Binary, Collection, Constant, Interval, Negation, Node, names_of
from scoring.numeric.evaluation import Evaluation

#: Lower end, upper end, whether each belongs to the interval.
Bounds = tuple[float, float, bool, bool]


def intervals_of(node: Node, evaluation: Evaluation) -> list[Bounds] | None:
    """Return the intervals of an interval or a union; None where an end has no value."""
    match node:
        case Binary("union", one, other):
            left, right = intervals_of(one, evaluation), intervals_of(other, evaluation)
            return None if left is None or right is None else sorted([*left, *right])
        case Collection("tuple", (start, stop)):
            low_closed = high_closed = False
        case Interval(start, stop, low_closed, high_closed):
            pass
        case _:
            return None
    low, high = _end(start, evaluation), _end(stop, evaluation)
    if low is None or high is None:
        return None
    return [(low, high, low_closed and math.isfinite(low), high_closed and math.isfinite(high))]


def interval_of_chain(chain: Chain, evaluation: Evaluation) -> Bounds | None:
    """Return the interval that an inequality such as ``0 < a <= 1`` confines its unknown to."""
    if not chain.relations or any(relation not in "<≤>≥" for relation in chain.relations):
        return None
    low, high, low_in, high_in = -math.inf, math.inf, False, False
    pairs = itertools.pairwise(chain.sides)
    for (left, right), relation in zip(pairs, chain.relations, strict=True):
        if not left.nodes or not right.nodes:
            return None
        a, b = left.nodes[0], right.nodes[0]
        if relation in ">≥":
            a, b = b, a
        closed = relation in "≤≥"
        if not names_of(a) and (end := _end(a, evaluation)) is not None:
            low, low_in = end, closed
        elif not names_of(b) and (end := _end(b, evaluation)) is not None:
            high, high_in = end, closed
        else:
            return None
    return low, high, low_in, high_in


def same_intervals(a: list[Bounds], b: list[Bounds]) -> bool:
    """Return whether two sorted lists hold the same intervals."""
    return len(a) == len(b) and all(
        _close(x[0], y[0]) and _close(x[1], y[1]) and x[2:] == y[2:]
        for x, y in zip(a, b, strict=True)
    )


def _close(a: float, b: float) -> bool:
    return a == b or (
        math.isfinite(a) and math.isfinite(b) and abs(a - b) <= 1e-8 * max(1.0, abs(a), abs(b))
    )


def _end(node: Node, evaluation: Evaluation) -> float | None:
    match node:
        case Constant("inf"):
            return math.inf
        case Negation(Constant("inf")):
            return -math.inf
    row = evaluation.row(node)
    if row is None or names_of(node) or abs(row[0].imag) > 1e-9:
        return None
    return row[0].real
