"""The working state of one answer: what its formulas may still spend.

A problem is shared between threads and never written. What a formula is worth does not depend on
the answer that it stands in: values are kept for all answers, and only their cost is counted here,
so that no answer can touch the verdicts on another.
"""

from __future__ import annotations

from functools import lru_cache

from scoring.formulas.tree import Function, Node, holds
from scoring.numeric.compare import Row
from scoring.numeric.errors import UnknownValueError
from scoring.numeric.evaluator import BUDGET, Evaluator, flatten
from scoring.numeric.linear_roots import ROOT_BUDGET, linear_root
from scoring.numeric.sample_points import SamplePoints

#: Node visits that all formulas of one answer may take together.
ALLOWANCE = 60_000

#: A value with the node visits that it took.
Worked = tuple[Row | None, int]


class Evaluation:
    """Evaluates the formulas of one answer under one allowance. Belongs to one thread.

    Costs are charged whether a value is remembered or not, so that a verdict never depends on
    what was scored before. What belongs to the problem is ``free``.
    """

    def __init__(self, points: SamplePoints, *, free: bool = False) -> None:
        self.arrays = points.arrays
        self._points = points
        self._free = free
        self._allowance = ALLOWANCE

    def row(self, node: Node, *, formal: bool = False) -> Row | None:
        """Return the values of a node; None where it has none or the allowance is spent."""
        if self._allowance <= 0:
            return None
        return self._charge(_row(self._points, node, formal))

    def root(self, left: Node, right: Node, name: str) -> Row | None:
        """Return the solution of ``left = right`` for a name; None without one."""
        if self._allowance <= 0:
            return None
        return self._charge(_root(self._points, left, right, name))

    def _charge(self, worked: Worked) -> Row | None:
        if not self._free:
            self._allowance -= worked[1]
        return worked[0]


@lru_cache(maxsize=16384)
def _row(points: SamplePoints, node: Node, formal: bool) -> Worked:
    if formal and not holds(node, Function):
        return _row(points, node, False)
    evaluator = Evaluator(points, formal=formal)
    try:
        found: Row | None = flatten(evaluator.vector(node))
    except UnknownValueError:
        found = None
    return found, BUDGET - evaluator.budget


@lru_cache(maxsize=4096)
def _root(points: SamplePoints, left: Node, right: Node, name: str) -> Worked:
    evaluator = Evaluator(points)
    found = linear_root(evaluator, left, right, name)
    return found, ROOT_BUDGET - evaluator.budget
