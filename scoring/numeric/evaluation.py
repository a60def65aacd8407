"""The working state of one answer: its evaluators, what it may still spend and what it has found.

A problem is shared between threads and never written; everything that changes while an answer is
scored lives here, so that no answer can touch the verdicts on another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from scoring.formulas.tree import Node
from scoring.numeric.compare import Row
from scoring.numeric.evaluator import BUDGET, Evaluator, UnknownValueError, flatten
from scoring.numeric.linear_roots import ROOT_BUDGET, linear_root
from scoring.numeric.sample_points import SamplePoints

#: Node visits that all formulas of one answer may take together.
ALLOWANCE = 60_000

#: A value with the node visits that it took.
Worked = tuple[Row | None, int]
RowKey = tuple[Node, bool]
RootKey = tuple[Node, Node, str]


@dataclass(frozen=True, slots=True)
class Memo:
    """Values that a problem has worked out once for all its answers; read-only."""

    rows: Mapping[RowKey, Worked] = field(default_factory=dict)
    roots: Mapping[RootKey, Worked] = field(default_factory=dict)


NOTHING_KNOWN = Memo()


class Evaluation:
    """Evaluates the formulas of one answer under one allowance. Belongs to one thread.

    Costs are charged whether a value is remembered or not, so that a verdict never depends on
    what was scored before. What belongs to the problem is ``free``.
    """

    def __init__(
        self, points: SamplePoints, known: Memo = NOTHING_KNOWN, *, free: bool = False
    ) -> None:
        self.arrays = points.arrays
        self._exact = Evaluator(points)
        self._formal = Evaluator(points, formal=True)
        self._known = known
        self._rows: dict[RowKey, Worked] = {}
        self._roots: dict[RootKey, Worked] = {}
        self._free = free
        self._allowance = ALLOWANCE

    def row(self, node: Node, *, formal: bool = False) -> Row | None:
        """Return the values of a node; None where it has none or the allowance is spent."""
        if self._allowance <= 0:
            return None
        key = (node, formal)
        worked = self._known.rows.get(key) or self._rows.get(key)
        if worked is None:
            evaluator = self._formal if formal else self._exact
            try:
                found: Row | None = flatten(evaluator.vector(node))
            except UnknownValueError:
                found = None
            worked = self._rows[key] = (found, BUDGET - evaluator.budget)
        return self._charge(worked)

    def root(self, left: Node, right: Node, name: str) -> Row | None:
        """Return the solution of ``left = right`` for a name; None without one."""
        if self._allowance <= 0:
            return None
        key = (left, right, name)
        worked = self._known.roots.get(key) or self._roots.get(key)
        if worked is None:
            found = linear_root(self._exact, left, right, name)
            worked = self._roots[key] = (found, ROOT_BUDGET - self._exact.budget)
        return self._charge(worked)

    def memo(self) -> Memo:
        """Return a read-only copy of what was worked out so far."""
        return Memo(MappingProxyType(dict(self._rows)), MappingProxyType(dict(self._roots)))

    def _charge(self, worked: Worked) -> Row | None:
        if not self._free:
            self._allowance -= worked[1]
        return worked[0]
