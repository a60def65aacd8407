"""Decide whether two equations, each linear in some unknown that they share, have the same solution for it."""

from __future__ import annotations

from scoring.numeric.compare import Row, close
from scoring.numeric.evaluator import Evaluator, UnknownValueError, flatten
from scoring.numeric.sample_points import POINTS
from scoring.steps.symbols import Relation

MAX_NAMES = 6
MAX_KEPT = 5000
#: Node visits that one attempt to solve may take.
BUDGET = 6000


def same_root(wanted: Relation, found: Relation) -> bool:
    """Say whether both equations give the same value of one unknown at every sample point.

    This catches equations solved for another letter, ``d = 3V/S`` and ``V = S*d/3``, which differ by more than a
    constant factor. Only equations linear in the unknown are compared; anything else is left to other means.
    """
    names = wanted.names
    if not 2 <= len(names) <= MAX_NAMES or names != found.names or "…" in names:
        return False
    if names & wanted.left.scope.arrays:
        return False
    evaluator = wanted.left.scope.exact
    for name in sorted(names):
        first, second = _root(evaluator, wanted, name), _root(evaluator, found, name)
        if first is not None and second is not None:
            return close(first, second, 1e-7)
    return False


def _root(evaluator: Evaluator, relation: Relation, name: str) -> Row | None:
    """Return the solution for one unknown at every point, or None where the equation is not linear in it."""
    scope = relation.left.scope
    if scope.allowance <= 0:
        return None
    key = (relation.left.node, relation.right.node, name)
    known = scope.roots.get(key)
    if known is None:
        evaluator.budget = BUDGET
        root = _solve(evaluator, relation, name)
        if len(scope.roots) > MAX_KEPT:
            scope.roots.clear()
        known = scope.roots[key] = (root, BUDGET - evaluator.budget)
    scope.allowance -= known[1]
    return known[0]


def _solve(evaluator: Evaluator, relation: Relation, name: str) -> Row | None:
    gaps: list[Row] = []
    for value in (1.0, 2.0, 3.5):
        bound = {name: [complex(value)] * POINTS}
        try:
            left = flatten(evaluator.value(relation.left.node, bound))
            right = flatten(evaluator.value(relation.right.node, bound))
        except (UnknownValueError, ArithmeticError, ValueError, TypeError, RecursionError):
            return None
        if len(left) != len(right) or len(left) != POINTS:
            return None
        gaps.append(tuple(a - b for a, b in zip(left, right, strict=True)))
    roots: list[complex] = []
    for a, b, c in zip(*gaps, strict=True):
        slope = b - a
        if abs(slope) < 1e-9 or abs(c - a - 2.5 * slope) > 1e-8 * max(1.0, abs(a), abs(b), abs(c)):
            return None
        roots.append(1.0 - a / slope)
    return tuple(roots)
