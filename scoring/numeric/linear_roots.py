"""Solve an equation that is linear in one unknown, at every sample point."""

from __future__ import annotations

from scoring.formulas.tree import Node
from scoring.numeric.compare import Row
from scoring.numeric.errors import UnknownValueError
from scoring.numeric.evaluator import Evaluator, flatten
from scoring.numeric.sample_points import POINTS, Vector

#: Node visits that one attempt to solve may take.
ROOT_BUDGET = 6000


def linear_root(evaluator: Evaluator, left: Node, right: Node, name: str) -> Row | None:
    """Return the solution for one unknown at every point, or None where it is not linear in it."""
    evaluator.budget = ROOT_BUDGET
    gaps: list[Row] = []
    for value in (1.0, 2.0, 3.5):
        bound: dict[str, Vector] = {name: [complex(value)] * POINTS}
        try:
            a = flatten(evaluator.value(left, bound))
            b = flatten(evaluator.value(right, bound))
        except (UnknownValueError, ArithmeticError, ValueError, TypeError, RecursionError):
            return None
        if len(a) != len(b) or len(a) != POINTS:
            return None
        gaps.append(tuple(x - y for x, y in zip(a, b, strict=True)))
    roots: list[complex] = []
    for a0, b0, c0 in zip(*gaps, strict=True):
        slope = b0 - a0
        size = max(1.0, abs(a0), abs(b0), abs(c0))
        if abs(slope) < 1e-9 or abs(c0 - a0 - 2.5 * slope) > 1e-8 * size:
            return None
        roots.append(1.0 - a0 / slope)
    return tuple(roots)
