"""Evaluate expressions at sample points under a budget; what fails is *unknown*, never unequal."""

from __future__ import annotations

import cmath
import math
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from scoring.formulas.tree import (
    BigOperator,
    Binary,
    Call,
    Collection,
    Constant,
    Degrees,
    Factorial,
    Function,
    Index,
    Matrix,
    Negation,
    Node,
    Number,
    Transpose,
    Variable,
    items_of,
    names_of,
)
from scoring.numeric.errors import UnknownValueError
from scoring.numeric.functions import FUNCTIONS, opaque
from scoring.numeric.operators import OPERATORS, PLAIN, power, small, whole
from scoring.numeric.sample_points import POINTS, SamplePoints, Vector

MAX_TERMS = 2000
#: Node visits that one expression may take, sums and integrals included.
BUDGET = 12_000
#: Terms taken of an endless sum: enough to distinguish two series, and the same for both.
ENDLESS_TERMS = 40

#: Names that a sum or an integral around an expression has bound.
Bound = Mapping[str, Vector]

_INFINITY = Constant("inf")
_CONSTANTS = {"pi": complex(math.pi), "e": complex(math.e), "i": 1j}


class Evaluator:
    """Evaluates nodes at some `SamplePoints`; if ``formal``, named functions count as unknown."""

    def __init__(self, sampler: SamplePoints, *, formal: bool = False) -> None:
        self.sampler = sampler
        self.formal = formal
        #: How many points are worked out: one where all are alike.
        self.points = POINTS
        self._drawn: dict[str, Vector] = {}
        self.budget = BUDGET

    def vector(self, node: Node) -> Vector:
        """Return the values of a node at all points; raises `UnknownValueError`.

        What holds no names has the same value at all of them and is worked out at one.
        """
        self.budget = BUDGET
        self.points = POINTS if names_of(node) else 1
        try:
            # A value that overflows or is not a number shows in the result.
            with np.errstate(all="ignore"):
                found = self.value(node, {})
            return found if self.points == POINTS else [found[0]] * POINTS
        except UnknownValueError:
            raise
        except (
            ArithmeticError,
            ValueError,
            TypeError,
            RecursionError,
            IndexError,
            np.linalg.LinAlgError,
        ) as error:
            raise UnknownValueError(str(error)) from None

    def value(self, node: Node, bound: Bound) -> Vector:
        """Return the values of a node, with some names bound by a sum or an integral around it."""
        self.budget -= 1
        if self.budget < 0:
            raise UnknownValueError("budget spent")
        kind = type(node)
        handler = _HANDLERS.get(kind)
        if handler is None:
            raise UnknownValueError(f"no value for {kind.__name__}")
        return handler(self, node, bound)

    def number(self, node: Number, _bound: Bound) -> Vector:
        """Return the same number at all points."""
        return (complex(node.value),) * self.points

    def named(self, node: Variable, bound: Bound) -> Vector:
        """Return the values that a name is bound to, or its own."""
        values = bound.get(node.name)
        return self._sampled(node.name) if values is None else values

    def constant(self, node: Constant, bound: Bound) -> Vector:
        """Return a constant, unless a sum or an integral has taken its letter."""
        if node.name in bound:
            return bound[node.name]
        if node.name == "inf":
            raise UnknownValueError("infinite")
        return (_CONSTANTS[node.name],) * self.points

    def negative(self, node: Negation, bound: Bound) -> Vector:
        """Return the values with the other sign."""
        return [-a for a in self.value(node.operand, bound)]

    def joined(self, node: Binary, bound: Bound) -> Vector:
        """Return what an operator makes of the values of both sides."""
        operation = OPERATORS.get(node.operator)
        if operation is None:
            raise UnknownValueError(f"no value for {node.operator}")
        left, right = self.value(node.left, bound), self.value(node.right, bound)
        plain = PLAIN.get(node.operator)
        if plain and isinstance(left[0], complex) and isinstance(right[0], complex):
            return list(map(plain, left, right))
        if operation is power and isinstance(left[0], complex) and _is_two(node.right):
            return list(map(operator.mul, left, left))
        return [operation(a, b) for a, b in zip(left, right, strict=True)]

    def _sampled(self, name: str) -> Vector:
        drawn = self._drawn.get(name)
        if drawn is None:
            drawn = self._drawn[name] = self.sampler(name)
        return drawn

    def function(self, node: Function, bound: Bound) -> Vector:
        """Return the values of a known function."""
        name = node.name
        values = self.value(node.argument, bound)
        if isinstance(values[0], np.ndarray):
            return [_of_matrix(name, value) for value in values]
        if node.base is not None:
            base = self.value(node.base, bound)
            return [cmath.log(a) / cmath.log(b) for a, b in zip(values, base, strict=True)]
        function = FUNCTIONS.get(name)
        if function is None or (self.formal and name not in ("sqrt", "abs", "norm")):
            return [opaque(name, [value]) for value in values]
        return [function(value) for value in values]

    def called(self, node: Call, bound: Bound) -> Vector:
        """Return the values of an unknown function."""
        name = node.name + "'" * node.primes
        columns = [self.value(item, bound) for item in items_of(node.argument)]
        return [opaque(name, _flat(point)) for point in zip(*columns, strict=True)]

    def indexed(self, node: Index, bound: Bound) -> Vector:
        """Return the values of an indexed name."""
        if node.written in self.sampler.specs:
            return self._sampled(node.written)
        items: tuple[Node, ...] = (node.index,)
        match node.index:
            case Collection("tuple", several) if node.name != "a":
                items = several
            case Binary("mul", left, right) if node.name != "a":
                items = (left, right)
        columns = [self.value(item, bound) for item in items]
        return [opaque(node.name + "_", _flat(point)) for point in zip(*columns, strict=True)]

    def accumulated(self, node: BigOperator, bound: Bound) -> Vector:
        """Return the values of a sum, a product or an integral."""
        return self.area(node, bound) if node.sign == "int" else self.series(node, bound)

    def series(self, node: BigOperator, bound: Bound) -> Vector:
        """Return the values of a sum or product with bounds."""
        product = node.sign == "prod"
        low = whole(self.value(node.low, bound)[0])
        if any(whole(value) != low for value in self.value(node.low, bound)):
            raise UnknownValueError("lower bound varies")
        if node.high == _INFINITY:
            highs = [low + ENDLESS_TERMS] * self.points
        else:
            highs = [whole(value) for value in self.value(node.high, bound)]
        if max(highs) - low > MAX_TERMS:
            raise UnknownValueError("too many terms")
        total = [complex(product)] * self.points
        for k in range(low, max(highs) + 1):
            terms = self.value(node.body, {**bound, node.variable.name: [complex(k)] * self.points})
            for i, high in enumerate(highs):
                if k <= high:
                    total[i] = total[i] * terms[i] if product else total[i] + terms[i]
        return total

    def area(self, node: BigOperator, bound: Bound) -> Vector:
        """Return the values of a definite integral."""
        low, high = self.value(node.low, bound), self.value(node.high, bound)
        total: list[Any] = [0j] * self.points
        for place, weight in _gauss():
            at = [a + (b - a) * place for a, b in zip(low, high, strict=True)]
            values = self.value(node.body, {**bound, node.variable.name: at})
            parts = zip(total, values, low, high, strict=True)
            total = [t + weight * v * (b - a) for t, v, a, b in parts]
        return total

    def factorial(self, node: Factorial, bound: Bound) -> Vector:
        """Return the factorials."""
        tops = self.value(node.operand, bound)
        return [complex(math.factorial(small(value))) for value in tops]

    def row(self, node: Collection, bound: Bound) -> Vector:
        """Return a column a point for a tuple or a list."""
        if node.kind == "set":
            raise UnknownValueError("no single value")
        return self._arrays(tuple((item,) for item in node.items), bound)

    def matrix(self, node: Matrix, bound: Bound) -> Vector:
        """Return an array a point."""
        return self._arrays(node.rows, bound)

    def _arrays(self, rows: tuple[tuple[Node, ...], ...], bound: Bound) -> Vector:
        cells = [[self.value(cell, bound) for cell in row] for row in rows]
        return [
            np.array([[_scalar(cell[i]) for cell in row] for row in cells], dtype=complex)
            for i in range(self.points)
        ]

    def transposed(self, node: Transpose, bound: Bound) -> Vector:
        """Return the transposes."""
        return [
            value.T if isinstance(value, np.ndarray) else value
            for value in self.value(node.operand, bound)
        ]

    def degrees(self, node: Degrees, bound: Bound) -> Vector:
        """Return angles in radians."""
        return [value * (math.pi / 180) for value in self.value(node.operand, bound)]


def _flat(point: tuple[Any, ...]) -> list[complex]:
    flat: list[complex] = []
    for value in point:
        flat.extend(value.ravel().tolist() if isinstance(value, np.ndarray) else [value])
    return flat


def _scalar(value: Any) -> complex:
    if isinstance(value, np.ndarray):
        raise UnknownValueError("array in a cell")
    return complex(value)


def _is_two(node: Node) -> bool:
    return isinstance(node, Number) and node.value == 2


def _of_matrix(name: str, value: Any) -> Any:
    if name in ("det", "abs") and value.shape[0] == value.shape[1]:
        return complex(np.linalg.det(value))
    if name in ("norm", "abs") and value.shape[1] == 1:
        return complex(math.sqrt(float((abs(value) ** 2).sum())))
    if name == "tr":
        return complex(np.trace(value))
    return opaque(name, value.ravel().tolist())


@lru_cache(maxsize=1)
def _gauss() -> tuple[tuple[float, float], ...]:
    places, weights = np.polynomial.legendre.leggauss(24)
    return tuple((float(p + 1) / 2, float(w) / 2) for p, w in zip(places, weights, strict=True))


_HANDLERS: Mapping[type[Node], Callable[[Evaluator, Any, Bound], Vector]] = {
    Number: Evaluator.number, Variable: Evaluator.named, Constant: Evaluator.constant,
    Negation: Evaluator.negative, Binary: Evaluator.joined, Function: Evaluator.function,
    Call: Evaluator.called, Index: Evaluator.indexed, BigOperator: Evaluator.accumulated,
    Factorial: Evaluator.factorial, Collection: Evaluator.row, Matrix: Evaluator.matrix,
    Transpose: Evaluator.transposed, Degrees: Evaluator.degrees,
}  # fmt: skip


def flatten(vector: Vector) -> tuple[complex, ...]:
    """Return all values in a row, arrays taken apart; raise `UnknownValueError` unless finite."""
    if isinstance(vector[0], np.ndarray):
        row = tuple(complex(item) for value in vector for item in value.ravel().tolist())
    else:
        row = tuple(vector)
    for item in row:
        if not (math.isfinite(item.real) and math.isfinite(item.imag)):
            raise UnknownValueError("not finite")
    return row
