"""Compare equations in one unknown by their roots, where both are polynomials in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scoring.formulas.tree import Binary, Node
from scoring.numeric.errors import UnknownValueError
from scoring.numeric.evaluator import Evaluator, flatten
from scoring.numeric.sample_points import POINTS

MAX_DEGREE = 6
#: Relative size under which a coefficient, or what a root leaves, is nothing.
SMALL = 1e-6


@dataclass(frozen=True, slots=True)
class Roots:
    """The roots of an equation in one unknown, without multiplicity."""

    all: tuple[complex, ...]

    @property
    def real(self) -> tuple[float, ...]:
        """The real ones."""
        return tuple(root.real for root in self.all if abs(root.imag) < 1e-5)

    def hold(self, root: complex) -> bool:
        """Return whether a number is one of the roots."""
        return any(abs(root - own) <= 1e-4 * max(1.0, abs(own)) for own in self.all)


class Unknowns:
    """Finds the roots of the equations of one answer."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._known: dict[tuple[Node, Node, str], Roots | None] = {}

    def roots(self, left: Node, right: Node, name: str) -> Roots | None:
        """Return the roots in one unknown; None where the sides are not polynomials in it."""
        key = (left, right, name)
        if key not in self._known:
            self._known[key] = self._found(Binary("sub", left, right), name)
        return self._known[key]

    def residual(self, left: Node, right: Node, name: str, at: complex) -> float | None:
        """Return how far the sides are apart where the unknown has a value, by their size."""
        a, b = self._at(left, name, [at]), self._at(right, name, [at])
        if a is None or b is None:
            return None
        return abs(a[0] - b[0]) / max(1.0, abs(a[0]), abs(b[0]))

    def _found(self, gap: Node, name: str) -> Roots | None:
        places = np.array([-2.9, -2.1, -1.3, -0.6, 0.3, 0.8, 1.7, 2.6], dtype=complex)
        values = self._at(gap, name, list(places))
        checked = np.array([-3.7, -1.7, -0.2, 0.55, 1.2, 2.2, 3.4, 4.1], dtype=complex)
        others = self._at(gap, name, list(checked))
        if values is None or others is None:
            return None
        if float(np.max(np.abs(values))) < 1e-9:
            return None
        fitted = np.polynomial.polynomial.polyfit(places, np.array(values), MAX_DEGREE + 1)
        size = max(1.0, float(np.max(np.abs(values))), float(np.max(np.abs(others))))
        made = np.polynomial.polynomial.polyval(checked, fitted)
        if float(np.max(np.abs(made - np.array(others)))) > SMALL * size:
            return None
        scale = float(np.max(np.abs(fitted)))
        kept = [c if abs(c) > 1e-8 * scale else 0.0 for c in fitted]
        while len(kept) > 1 and abs(kept[-1]) <= 1e-8 * scale:
            kept.pop()
        if len(kept) < 2 or scale == 0:
            return None
        return Roots(tuple(_distinct(np.polynomial.polynomial.polyroots(kept))))

    def _at(self, node: Node, name: str, values: list[complex]) -> list[complex] | None:
        column = (values + [values[-1]] * POINTS)[:POINTS]
        self._evaluator.budget = 4000
        try:
            row = flatten(self._evaluator.value(node, {name: column}))
        except (UnknownValueError, ArithmeticError, ValueError, TypeError, RecursionError):
            return None
        if len(row) != POINTS or not all(np.isfinite(value) for value in row):
            return None
        return list(row[: len(values)])


def _distinct(roots: np.ndarray) -> list[complex]:
    kept: list[complex] = []
    for root in map(complex, roots):
        if all(abs(root - other) > 1e-4 * max(1.0, abs(other)) for other in kept):
            kept.append(root)
    return kept
