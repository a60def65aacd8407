"""The functions of an expression at one point: known ones, and a stand-in for unknown ones."""

from __future__ import annotations

import cmath
import math
import random
from collections.abc import Callable, Mapping
from functools import lru_cache

from scoring.numeric.errors import UnknownValueError


def _cot(z: complex) -> complex:
    return 1 / cmath.tan(z)


def _floor(z: complex) -> complex:
    return complex(math.floor(z.real + 1e-12))


def _ceil(z: complex) -> complex:
    return complex(math.ceil(z.real - 1e-12))


def _abs(z: complex) -> complex:
    return complex(abs(z))


FUNCTIONS: Mapping[str, Callable[[complex], complex]] = {
    "sin": cmath.sin, "cos": cmath.cos, "tan": cmath.tan, "cot": _cot,
    "sec": lambda z: 1 / cmath.cos(z), "csc": lambda z: 1 / cmath.sin(z), "arcsin": cmath.asin,
    "arccos": cmath.acos, "arctan": cmath.atan, "arccot": lambda z: math.pi / 2 - cmath.atan(z),
    "sinh": cmath.sinh, "cosh": cmath.cosh, "tanh": cmath.tanh, "coth": lambda z: 1 / cmath.tanh(z),
    "sech": lambda z: 1 / cmath.cosh(z), "csch": lambda z: 1 / cmath.sinh(z),
    "arcsinh": cmath.asinh, "arccosh": cmath.acosh, "arctanh": cmath.atanh, "ln": cmath.log,
    "log": cmath.log, "lg": cmath.log10, "sqrt": cmath.sqrt, "abs": _abs, "norm": _abs,
    "floor": _floor, "ceil": _ceil, "Re": lambda z: complex(z.real),
    "Im": lambda z: complex(z.imag), "arg": lambda z: complex(cmath.phase(z)),
    "sgn": lambda z: complex((z.real > 0) - (z.real < 0)),
    "erf": lambda z: complex(math.erf(z.real)),
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
