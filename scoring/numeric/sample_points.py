"""Seeded sample points for the symbols of a problem, the same on every machine."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from problems.variables import VarSpec

POINTS = 8
#: Undeclared names are put in from this range: positive and away from 0 and 1, so that roots and
#: logarithms exist.
FREE_RANGE = (0.4, 2.6)

#: One value a point: complex numbers, or arrays for matrices (vectors are columns).
Vector = Sequence[Any]


@dataclass(frozen=True, eq=False)
class SamplePoints:
    """Gives names values: parsed ones in ``specs`` in their domain, others in `FREE_RANGE`.

    One object is made for a problem; it is the same as itself alone, so that it can be a key.
    """

    seed: str
    specs: Mapping[str, VarSpec]

    @cached_property
    def arrays(self) -> frozenset[str]:
        """The names of matrices and vectors."""
        return frozenset(name for name, spec in self.specs.items() if _is_array(spec))

    def __call__(self, name: str) -> Vector:
        """Return the values of a name; the same ones each time."""
        return _draw(self.seed, name, self.specs.get(name), self._identity_size(name))

    def _identity_size(self, name: str) -> int:
        """Return the size of the identity matrix that ``I`` or ``E`` stands for, else 0."""
        if name not in ("I", "E") or name in self.specs:
            return 0
        return next((spec.size for spec in self.specs.values() if _is_array(spec)), 0)


def _is_array(spec: VarSpec) -> bool:
    return spec.type in ("matrix", "vector")


@lru_cache(maxsize=8192)
def _draw(seed: str, name: str, spec: VarSpec | None, identity_size: int) -> Vector:
    rng = random.Random(f"{seed}|{name}")  # noqa: S311  # sample points, no secret
    if name.startswith("vec:") or (spec is not None and spec.type == "vector"):
        size = spec.size if spec is not None else 3
        return tuple(_array(rng, size, 1) for _ in range(POINTS))
    if spec is not None and spec.type == "matrix":
        made = [_array(rng, spec.size, spec.size) for _ in range(POINTS)]
        return tuple(_fixed((item + item.T) / 2) if spec.symmetric else item for item in made)
    if identity_size:
        return (_fixed(np.eye(identity_size, dtype=complex)),) * POINTS
    if spec is None:
        return tuple(complex(rng.uniform(*FREE_RANGE)) for _ in range(POINTS))
    if spec.type == "int":
        return tuple(complex(rng.randint(int(spec.min), int(spec.max))) for _ in range(POINTS))
    if spec.type == "complex":
        return tuple(
            complex(rng.uniform(spec.min, spec.max), rng.uniform(spec.min, spec.max))
            for _ in range(POINTS)
        )
    return tuple(complex(rng.uniform(spec.min, spec.max)) for _ in range(POINTS))


def _array(rng: random.Random, rows: int, columns: int) -> Any:
    cells = [[rng.uniform(-2, 2) for _ in range(columns)] for _ in range(rows)]
    return _fixed(np.array(cells, dtype=complex))


def _fixed(array: Any) -> Any:
    array.setflags(write=False)
    return array
