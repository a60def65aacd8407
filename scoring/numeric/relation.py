"""Expressions with their values, and relations between two of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from scoring.formulas.tree import (
    Binary,
    Call,
    Index,
    Node,
    Number,
    Variable,
    names_of,
    operations_of,
)
from scoring.numeric.compare import Row, difference, direction, vanishes
from scoring.numeric.evaluation import Evaluation


@dataclass(slots=True)
class Values:
    """One expression of an answer under one reading; its values are worked out at first use."""

    node: Node
    evaluation: Evaluation
    _row: Row | None = None
    _formal: Row | None = None
    _tried: bool = False
    _tried_formal: bool = False

    @property
    def row(self) -> Row | None:
        """Values at the sample points, or None where unknown."""
        if not self._tried:
            self._tried = True
            self._row = self.evaluation.row(self.node)
        return self._row

    @property
    def formal(self) -> Row | None:
        """Values with named functions taken as unknown ones."""
        if not self._tried_formal:
            self._tried_formal = True
            self._formal = self.evaluation.row(self.node, formal=True)
        return self._formal

    def known(self, *, formal: bool = True) -> KnownValues:
        """Return the values as a problem keeps them; the formal ones only where they are wanted."""
        return KnownValues(self.node, self.row, self.formal if formal else None)


@dataclass(frozen=True, slots=True)
class KnownValues:
    """One expression of a problem with its values, plain and formal."""

    node: Node
    row: Row | None
    formal: Row | None

    def known(self, *, formal: bool = True) -> KnownValues:
        """Return the same, without the formal values where they are not wanted."""
        return self if formal else replace(self, formal=None)


@dataclass(frozen=True, slots=True)
class Relation:
    """``left relation right`` between two sides, with the difference of their values.

    ``operations`` are the sums, products and integrals on both sides; ``solved`` says that it
    gives a lone name a value.
    """

    left: Values | KnownValues
    relation: str
    right: Values | KnownValues
    gap: Row | None
    empty: bool
    names: frozenset[str]
    operations: frozenset[str]
    solved: bool
    #: Second gap over the first: relations that differ by a factor only agree in it.
    ratio: complex | None

    @classmethod
    def of(cls, left: Values | KnownValues, relation: str, right: Values | KnownValues) -> Relation:
        """Return the relation, order relations turned so that they read ``<`` or ``≤``."""
        turned, swap = direction(relation)
        if swap:
            left, right = right, left
        gap, empty, ratio = None, False, None
        one, other = left.row, right.row
        if one is not None and other is not None:
            gap = difference(one, other)
            empty = gap is not None and vanishes(gap, (one, other))
            if gap is not None and not empty and len(gap) > 1 and abs(gap[0]) > 1e-6:
                ratio = gap[1] / gap[0]
        return cls(
            left,
            turned,
            right,
            gap,
            empty,
            names_of(left.node) | names_of(right.node),
            operations_of(left.node) | operations_of(right.node),
            _is_solved(left.node, right.node),
            ratio,
        )


def _is_solved(left: Node, right: Node) -> bool:
    """Return whether one side is a lone name, or a multiple, that the other does not hold."""
    for side, other in ((left, right), (right, left)):
        match side:
            case Binary("mul", Number(), lone):
                pass
            case lone:
                pass
        if isinstance(lone, (Variable, Index, Call)) and not names_of(lone) & names_of(other):
            return True
    return False
