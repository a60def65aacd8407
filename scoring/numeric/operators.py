"""What the operators of an expression make of two values, numbers or arrays."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from scoring.numeric.errors import UnknownValueError

MAX_EXPONENT = 400.0
MAX_FACTORIAL = 170


def whole(value: complex) -> int:
    """Return a whole number as such; raise `UnknownValueError` for any other value."""
    if (
        abs(value.imag) > 1e-9
        or abs(value.real - round(value.real)) > 1e-9
        or abs(value.real) > 1e6
    ):
        raise UnknownValueError("not a whole number")
    return round(value.real)


def small(value: complex) -> int:
    """Return a whole number that has a factorial here; raise `UnknownValueError` for others."""
    number = whole(value)
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


def power(a: Any, b: Any) -> Any:
    """Return a power; of a negative number with an odd root, the real one."""
    if isinstance(b, np.ndarray):
        raise UnknownValueError("array as exponent")
    if isinstance(a, np.ndarray):
        if a.shape[0] != a.shape[1]:
            raise UnknownValueError("power of a column")
        return np.linalg.matrix_power(a, min(whole(b), 40))
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


def _chosen(a: Any, b: Any) -> complex:
    return complex(math.comb(small(a), small(b)))


def _arranged(a: Any, b: Any) -> complex:
    return complex(math.perm(small(a), small(b)))


#: What the operators do to two numbers, where neither side is an array.
PLAIN: Mapping[str, Callable[[Any, Any], Any]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv,
}  # fmt: skip
OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "add": _add, "sub": _subtract, "mul": _multiply, "cross": _cross, "div": _divide, "pow": power,
    "binom": _chosen, "perm": _arranged,
}  # fmt: skip
