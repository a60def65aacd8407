"""Compare relations and values by their sampled values: equal, different or unknown."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Sequence

Row = tuple[complex, ...]
#: Relative difference up to which two exact values are the same.
EXACT = 1e-8

_FLIPPED = {">": "<", "≥": "≤"}
EQUALITIES = frozenset(("=", "≈", "≡"))
ORDERS = frozenset(("<", "≤", ">", "≥"))


def close(a: Row, b: Row, tol: float = EXACT) -> bool:
    """Return whether two rows agree at every point, relative to their size."""
    if len(a) != len(b):
        return False
    for x, y in zip(a, b, strict=True):
        if not abs(x - y) <= tol * max(1e-09, abs(x), abs(y)) + 1e-12:
            return False
    return True


def constant(row: Row) -> bool:
    """Return whether a row has one value at all points."""
    first = row[0]
    reach = 1e-9 * max(1.0, abs(first))
    return row.count(first) == len(row) or all(abs(value - first) <= reach for value in row)


def difference(left: Row, right: Row) -> Row | None:
    """Return left minus right; a lone zero fits any shape."""
    if len(left) != len(right):
        if all(value == 0 for value in right):
            return left
        if all(value == 0 for value in left):
            return tuple(-value for value in right)
        return None
    return tuple(map(operator.sub, left, right))


def vanishes(row: Row, scale: Sequence[Row]) -> bool:
    """Return whether a difference is zero everywhere, by the size of what was subtracted."""
    size = max(map(abs, itertools.chain.from_iterable(scale)), default=1.0)
    return max(map(abs, row), default=0.0) <= 1e-9 * max(1.0, size)


def factor(a: Row, b: Row) -> complex | None:
    """Return k with a = k*b at every point, or None; k is never zero."""
    if len(a) != len(b):
        return None
    pivot = 0 if abs(b[0]) > 1e-3 else max(range(min(3, len(b))), key=lambda i: abs(b[i]))
    if abs(b[pivot]) < 1e-12 or abs(a[pivot]) < 1e-12:
        return None
    k = a[pivot] / b[pivot]
    last = len(b) - 1
    if abs(a[last] - k * b[last]) > 1e-6 * (abs(a[last]) + abs(k * b[last])) + 1e-9:
        return None
    size = max(map(abs, a))
    for x, y in zip(a, b, strict=True):
        if abs(x - k * y) > EXACT * (abs(x) + abs(k * y)) + 1e-11 * size:
            return None
    return k


def direction(relation: str) -> tuple[str, bool]:
    """Return an order relation as ``<`` or ``≤`` and whether its sides must be swapped for that."""
    return (_FLIPPED[relation], True) if relation in _FLIPPED else (relation, False)


def combined(relations: Sequence[str]) -> str | None:
    """Return the relation between the ends of a chain, or None."""
    result = "="
    for relation in relations:
        if relation in ("=", "≡"):
            continue
        if relation == "≈":
            if result not in ("=", "≈"):
                return None
            result = "≈"
        elif relation in ORDERS:
            if result in ("=", relation):
                result = relation
            elif result in "<≤" and relation in "<≤":
                result = "<"
            elif result in ">≥" and relation in ">≥":
                result = ">"
            else:
                return None
        else:
            return relation if len(relations) == 1 else None
    return result
