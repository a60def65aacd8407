"""Evaluate expressions at sample points under a budget; what cannot be evaluated is *unknown*, never unequal."""

from __future__ import annotations

import cmath
import math
import random
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from scoring.formulas.tree import Node
from scoring.numeric.sample_points import POINTS, SamplePoints, Vector

MAX_EXPONENT = 400.0
MAX_FACTORIAL = 170
MAX_TERMS = 2000
#: Node visits that one expression may take, sums and integrals included.
BUDGET = 12_000
#: Terms taken of an endless sum: enough to tell two series apart, and the same for both.
ENDLESS_TERMS = 40

_CONSTANTS = {"pi": complex(math.pi), "e": complex(math.e), "i": 1j}


class UnknownValueError(ArithmeticError):
    """The expression has no value that this evaluator can give."""


def _cot(z: complex) -> complex:
    return 1 / cmath.tan(z)


def _floor(z: complex) -> complex:
    return complex(math.floor(z.real + 1e-12))


def _ceil(z: complex) -> complex:
    return complex(math.ceil(z.real - 1e-12))


def _abs(z: complex) -> complex:
    return complex(abs(z))


_FUNCTIONS: Mapping[str, Callable[[complex], complex]] = {
    "sin": cmath.sin, "cos": cmath.cos, "tan": cmath.tan, "cot": _cot, "sec": lambda z: 1 / cmath.cos(z),
    "csc": lambda z: 1 / cmath.sin(z), "arcsin": cmath.asin, "arccos": cmath.acos, "arctan": cmath.atan,
    "arccot": lambda z: math.pi / 2 - cmath.atan(z), "sinh": cmath.sinh, "cosh": cmath.cosh, "tanh": cmath.tanh, "coth": lambda z: 1 / cmath.tanh(z), "sech": lambda z: 1 / cmath.cosh(z), "csch": lambda z: 1 / cmath.sinh(z),
    "arcsinh": cmath.asinh, "arccosh": cmath.acosh, "arctanh": cmath.atanh, "ln": cmath.log, "log": cmath.log,
    "lg": cmath.log10, "sqrt": cmath.sqrt, "abs": _abs, "norm": _abs, "floor": _floor, "ceil": _ceil,
    "Re": lambda z: complex(z.real), "Im": lambda z: complex(z.imag), "arg": lambda z: complex(cmath.phase(z)),
    "sgn": lambda z: complex((z.real > 0) - (z.real < 0)), "erf": lambda z: complex(math.erf(z.real)),
}  # fmt: skip


@lru_cache(maxsize=4096)
def _phases(name: str) -> tuple[float, float, float]:
    rng = random.Random(name)  # noqa: S311  # a fingerprint of a name, no secret
    return rng.uniform(0, 6), rng.uniform(0, 6), rng.uniform(1.2, 2.4)


def opaque(name: str, arguments: list[complex]) -> complex:
    """Return a fixed, smooth, otherwise meaningless value of an unknown function at a point."""
    a, b, base = _phases(f"{name}/{len(arguments)}")
    value = complex(base)
    try:
        for i, argument in enumerate(arguments):
            value += cmath.sin((3.1 + i) * argument + a) + 0.6 * cmath.cos((1.7 + i) * argument + b)
    except (OverflowError, ValueError):
        raise UnknownValueError("argument too large") from None
    return value


class Evaluator:
    """Evaluates nodes with one `SamplePoints`; with ``formal`` every named function is taken as an unknown one."""

    def __init__(self, sampler: SamplePoints, *, formal: bool = False) -> None:
        self.sampler = sampler
        self.formal = formal
        self._drawn: dict[str, Vector] = {}
        self.budget = BUDGET

    def vector(self, node: Node) -> Vector:
        """Return the values of a node at all points; raises `UnknownValueError`."""
        self.budget = BUDGET
        try:
            return self.value(node, {})
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

    def value(self, node: Node, bound: dict[str, Vector]) -> Vector:
        """Return the values of a node, with some names bound by a sum or an integral around it."""
        self.budget -= 1
        if self.budget < 0:
            raise UnknownValueError("budget spent")
        kind = node[0]
        if kind == "n":
            return [complex(node[1])] * POINTS
        if kind in {"v", "c"}:
            return self._named(kind, node[1], bound)
        if kind == "neg":
            return [-a for a in self.value(node[1], bound)]
        if kind in _BINARY:
            left, right = self.value(node[1], bound), self.value(node[2], bound)
            operation = _BINARY[kind]
            return [operation(a, b) for a, b in zip(left, right, strict=True)]
        if kind == "fn":
            return self._function(node, bound)
        handler = _HANDLERS.get(kind)
        if handler is None:
            raise UnknownValueError(f"no value for {kind}")
        return handler(self, node, bound)

    def _named(self, kind: str, name: str, bound: dict[str, Vector]) -> Vector:
        if name in bound:
            return bound[name]
        if kind == "v":
            return self._sampled(name)
        if name == "inf":
            raise UnknownValueError("infinite")
        return [_CONSTANTS[name]] * POINTS

    def _sampled(self, name: str) -> Vector:
        drawn = self._drawn.get(name)
        if drawn is None:
            drawn = self._drawn[name] = self.sampler(name)
        return drawn

    def _function(self, node: Node, bound: dict[str, Vector]) -> Vector:
        name = node[1]
        values = self.value(node[2], bound)
        if isinstance(values[0], np.ndarray):
            return [_of_matrix(name, value) for value in values]
        if len(node) == 4:
            base = self.value(node[3], bound)
            return [cmath.log(a) / cmath.log(b) for a, b in zip(values, base, strict=True)]
        function = _FUNCTIONS.get(name)
        if function is None or (self.formal and name not in ("sqrt", "abs", "norm")):
            return [opaque(name, [value]) for value in values]
        return [function(value) for value in values]

    def called(self, node: Node, bound: dict[str, Vector]) -> Vector:
        """Return the values of an unknown function."""
        name = node[1] + "'" * node[2]
        items = node[3][1:] if node[3][0] == "tuple" else (node[3],)
        columns = [self.value(item, bound) for item in items]
        return [opaque(name, _flat(point)) for point in zip(*columns, strict=True)]

    def indexed(self, node: Node, bound: dict[str, Vector]) -> Vector:
        """Return the values of an indexed name."""
        index = node[2]
        if index[0] in ("n", "v"):
            written = f"{node[1]}_{int(index[1]) if index[0] == 'n' else index[1]}"
            if written in self.sampler.specs:
                return self._sampled(written)
        items = index[1:] if index[0] in ("tuple", "mul") and node[1] != "a" else (index,)
        columns = [self.value(item, bound) for item in items]
        return [opaque(node[1] + "_", _flat(point)) for point in zip(*columns, strict=True)]

    def series(self, node: Node, bound: dict[str, Vector]) -> Vector:
        """Return the values of a sum or product with bounds."""
        kind, variable, low_node, high_node, body = node
        low = _whole(self.value(low_node, bound)[0])
        if any(_whole(value) != low for value in self.value(low_node, bound)):
            raise UnknownValueError("lower bound varies")
        if high_node == ("c", "inf"):
            highs = [low + ENDLESS_TERMS] * POINTS
        else:
            highs = [_whole(value) for value in self.value(high_node, bound)]
        if max(highs) - low > MAX_TERMS:
            raise UnknownValueError("too many terms")
        total = [complex(kind == "prod")] * POINTS
        for k in range(low, max(highs) + 1):
            terms = self.value(body, {**bound, variable[1]: [complex(k)] * POINTS})
            for i, high in enumerate(highs):
                if k <= high:
                    total[i] = total[i] * terms[i] if kind == "prod" else total[i] + terms[i]
        return total

    def area(self, node: Node, bound: dict[str, Vector]) -> Vector:
        """Return the values of a definite integral."""
        _, variable, low_node, high_node, body = node
        low, high = self.value(low_node, bound), self.value(high_node, bound)
        total: list[Any] = [0j] * POINTS
        for place, weight in _gauss():
            at = [a + (b - a) * place for a, b in zip(low, high, strict=True)]
            values = self.value(body, {**bound, variable[1]: at})
            total = [
                t + weight * v * (b - a)
                for t, v, a, b in zip(total, values, low, high, strict=True)
            ]
        return total

    def counted(self, node: Node, bound: dict[str, Vector]) -> Vector:
        """Return the values of factorials and counts."""
        kind = node[0]
        tops = self.value(node[1], bound)
        if kind == "fact":
            return [complex(math.factorial(_small(value))) for value in tops]
        counts = self.value(node[2], bound)
        function = math.comb if kind == "binom" else math.perm
        return [complex(function(_small(a), _small(b))) for a, b in zip(tops, counts, strict=True)]

    def grouped(self, node: Node, bound: dict[str, Vector]) -> Vector:
        """Return an array a point for a matrix or a tuple."""
        rows = node[1:] if node[0] == "mat" else tuple((item,) for item in node[1:])
        if node[0] in ("set", "interval"):
            raise UnknownValueError("no single value")
        cells = [[self.value(cell, bound) for cell in row] for row in rows]
        return [
            np.array([[_scalar(cell[i]) for cell in row] for row in cells], dtype=complex)
            for i in range(POINTS)
        ]

    def transposed(self, node: Node, bound: dict[str, Vector]) -> Vector:
        """Return the transposes."""
        return [
            value.T if isinstance(value, np.ndarray) else value
            for value in self.value(node[1], bound)
        ]

    def degrees(self, node: Node, bound: dict[str, Vector]) -> Vector:
        """Return angles in radians."""
        return [value * (math.pi / 180) for value in self.value(node[1], bound)]


def _flat(point: tuple[Any, ...]) -> list[complex]:
    flat: list[complex] = []
    for value in point:
        flat.extend(value.ravel().tolist() if isinstance(value, np.ndarray) else [value])
    return flat


def _scalar(value: Any) -> complex:
    if isinstance(value, np.ndarray):
        raise UnknownValueError("array in a cell")
    return complex(value)


def _whole(value: complex) -> int:
    if (
        abs(value.imag) > 1e-9
        or abs(value.real - round(value.real)) > 1e-9
        or abs(value.real) > 1e6
    ):
        raise UnknownValueError("not a whole number")
    return round(value.real)


def _small(value: complex) -> int:
    number = _whole(value)
    if not 0 <= number <= MAX_FACTORIAL:
        raise UnknownValueError("outside the factorials kept")
    return number


def _multiply(a: Any, b: Any) -> Any:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        if a.shape == b.shape and a.shape[1] == 1 and a.shape[0] > 1:
            return complex((a * b).sum())
        made = a @ b
        return complex(made[0, 0]) if made.shape == (1, 1) else made
    return a * b


def _cross(a: Any, b: Any) -> Any:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.shape == b.shape == (3, 1):
        return np.cross(a[:, 0], b[:, 0]).reshape(3, 1)
    return _multiply(a, b)


def _divide(a: Any, b: Any) -> Any:
    if isinstance(b, np.ndarray):
        raise UnknownValueError("division by an array")
    return a / b


def _add(a: Any, b: Any) -> Any:
    if isinstance(a, np.ndarray) != isinstance(b, np.ndarray):
        # 0 stands for the zero matrix; any other number beside a matrix is not meant literally.
        zero, other = (a, b) if isinstance(b, np.ndarray) else (b, a)
        if zero != 0:
            raise UnknownValueError("number added to an array")
        return other
    if isinstance(a, np.ndarray) and a.shape != b.shape:
        raise UnknownValueError("shapes differ")
    return a + b


def _subtract(a: Any, b: Any) -> Any:
    return _add(a, -b)


def _power(a: Any, b: Any) -> Any:
    if isinstance(b, np.ndarray):
        raise UnknownValueError("array as exponent")
    if isinstance(a, np.ndarray):
        if a.shape[0] != a.shape[1]:
            raise UnknownValueError("power of a column")
        return np.linalg.matrix_power(a, min(_whole(b), 40))
    if abs(b) > MAX_EXPONENT:
        raise UnknownValueError("exponent too large")
    if a == 0 and b.real < 0:
        raise UnknownValueError("division by zero")
    if b == 2:
        return a * a
    # An odd root of a negative number is meant as the real one.
    if b.imag == 0 and a.imag == 0 and a.real < 0 and b.real != int(b.real):
        odd = round(1 / b.real)
        if odd % 2 and abs(b.real * odd - 1) < 1e-12:
            return complex(-((-a.real) ** b.real))
    return a**b


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


_BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
    "add": _add, "sub": _subtract, "mul": _multiply, "cross": _cross, "div": _divide, "pow": _power,
}  # fmt: skip
_HANDLERS: Mapping[str, Callable[[Evaluator, Node, dict[str, Vector]], Vector]] = {
    "call": Evaluator.called, "idx": Evaluator.indexed, "sum": Evaluator.series, "prod": Evaluator.series,
    "int": Evaluator.area, "fact": Evaluator.counted, "binom": Evaluator.counted, "perm": Evaluator.counted,
    "mat": Evaluator.grouped, "tuple": Evaluator.grouped, "list": Evaluator.grouped, "set": Evaluator.grouped,
    "interval": Evaluator.grouped, "T": Evaluator.transposed, "deg": Evaluator.degrees,
}  # fmt: skip


def flatten(vector: Vector) -> tuple[complex, ...]:
    """Return the values of all points in one row, arrays taken apart; raises `UnknownValueError` for what is not finite."""
    if isinstance(vector[0], np.ndarray):
        row = tuple(complex(item) for value in vector for item in value.ravel().tolist())
    else:
        row = tuple(vector)
    for item in row:
        if not (math.isfinite(item.real) and math.isfinite(item.imag)):
            raise UnknownValueError("not finite")
    return row
