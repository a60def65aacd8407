"""Decide whether two relations say the same: by their factor, a rounding or a shared root."""

from __future__ import annotations

from dataclasses import dataclass

from scoring.formulas.tree import Number, numbers_of
from scoring.numeric.compare import EQUALITIES, close, constant, factor
from scoring.numeric.evaluation import Evaluation
from scoring.numeric.relation import Relation
from scoring.numeric.rounding import rounded_to

#: Equations in more unknowns than this are not solved.
MAX_NAMES = 6


@dataclass(frozen=True, slots=True)
class RelationRule:
    """How far a relation may differ from the wanted one, and which numbers that one holds.

    A ``literal`` relation is not solved for its unknowns.
    """

    numbers: frozenset[float] = frozenset()
    tol: float | None = None
    literal: bool = False


def same_relation(
    wanted: Relation, found: Relation, rule: RelationRule, evaluation: Evaluation
) -> bool:
    """Return whether two relations say the same.

    Strictness and direction of inequalities are kept apart.

    An equation in one unknown and its solution are different steps, and so are an integral and its
    value, though they hold together.
    """
    # Other unknowns and other proportions: neither a factor nor a rounding makes them the same.
    apart = wanted.ratio is not None and found.ratio is not None and wanted.names != found.names
    if apart and abs(wanted.ratio - found.ratio) > 1e-6 * (1 + abs(wanted.ratio)):  # type: ignore[operator, arg-type]
        return False
    if wanted.operations != found.operations or (
        wanted.solved != found.solved and len(wanted.names) == 1
    ):
        return False
    if wanted.relation in EQUALITIES:
        return found.relation in EQUALITIES and _same_equation(wanted, found, rule, evaluation)
    if wanted.relation != found.relation:
        return False
    if wanted.relation == "≠":
        return _same_sides(wanted, found) or _same_sides(wanted, found, swap=True)
    if wanted.gap is None or found.gap is None:
        return False
    k = factor(found.gap, wanted.gap)
    if k is None or abs(k.imag) > 1e-9 * abs(k) or k.real <= 0:
        return False
    return not constant(wanted.gap) or _same_sides(wanted, found)


def _same_equation(
    wanted: Relation, found: Relation, rule: RelationRule, evaluation: Evaluation
) -> bool:
    if wanted.gap is None or found.gap is None:
        return _same_formally(wanted, found)
    if wanted.empty:
        return found.empty and _same_identity(wanted, found, rule)
    if found.empty:
        return False
    if factor(found.gap, wanted.gap) is not None:
        if constant(wanted.gap) or _proportional(wanted):
            return _same_sides(wanted, found) or _same_sides(wanted, found, swap=True)
        return True
    if _rounded(wanted, found, rule):
        return True
    return (
        not rule.literal and wanted.solved == found.solved and _same_root(wanted, found, evaluation)
    )


def _proportional(relation: Relation) -> bool:
    """Return whether sides differ only by a factor, which is then the statement: ``4c = c``."""
    left, right = relation.left.row, relation.right.row
    return (
        left is not None
        and right is not None
        and any(right)
        and any(left)
        and factor(left, right) is not None
    )


def _rounded(wanted: Relation, found: Relation, rule: RelationRule) -> bool:
    """Return whether the found relation is the wanted one with its right side rounded."""
    left, right = wanted.left.row, wanted.right.row
    if left is None or right is None or found.left.row is None or found.right.row is None:
        return False
    if not constant(right) or not close(left, found.left.row):
        return False
    if rule.tol is not None and constant(found.right.row):
        return close(found.right.row, right, rule.tol)
    return rounded_to(found.right.node, right[0])


def _same_sides(wanted: Relation, found: Relation, *, swap: bool = False) -> bool:
    left, right = (found.right, found.left) if swap else (found.left, found.right)
    pairs = ((wanted.left.row, left.row), (wanted.right.row, right.row))
    return all(a is not None and b is not None and close(a, b) for a, b in pairs)


def _same_formally(wanted: Relation, found: Relation) -> bool:
    """Compare relations that have no values by their trees."""
    trees = (wanted.left.node, wanted.right.node)
    return (found.left.node, found.right.node) in (trees, trees[::-1])


def _same_identity(wanted: Relation, found: Relation, rule: RelationRule) -> bool:
    """Compare two relations that hold everywhere.

    Each side must be the same with named functions taken as unknown.

    Of purely numerical ones the value must agree and some number be shared, so that 120 = 200*0.6
    is not 120 = 8*15.
    """
    if not wanted.names:
        value, other = wanted.left.row, found.left.row
        if value is None or other is None or not close(value, other):
            return False
        bare = isinstance(found.left.node, Number) and isinstance(found.right.node, Number)
        own = frozenset(numbers_of(found.left.node)) | frozenset(numbers_of(found.right.node))
        shared = {number for number in own & rule.numbers if abs(number - value[0]) > 1e-9}
        return not bare and bool(shared)
    for left, right in ((found.left, found.right), (found.right, found.left)):
        if (a := wanted.left.formal) is None or (b := wanted.right.formal) is None:
            return False
        if (
            (c := left.formal) is not None
            and (d := right.formal) is not None
            and close(a, c)
            and close(b, d)
        ):
            return found.left.node != found.right.node
    return False


def _same_root(wanted: Relation, found: Relation, evaluation: Evaluation) -> bool:
    """Return whether both equations give the same value of one unknown at every sample point.

    This catches equations solved for another letter, ``d = 3V/S`` and ``V = S*d/3``, which differ
    by more than a constant factor. Only equations linear in the unknown are compared.
    """
    names = wanted.names
    if not 2 <= len(names) <= MAX_NAMES or names != found.names or "…" in names:
        return False
    if names & evaluation.arrays:
        return False
    for name in sorted(names):
        first = evaluation.root(wanted.left.node, wanted.right.node, name)
        second = evaluation.root(found.left.node, found.right.node, name)
        if first is not None and second is not None:
            return close(first, second, 1e-7)
    return False
