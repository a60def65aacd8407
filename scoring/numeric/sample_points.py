"""Seeded sample points for the symbols of a problem: eight of them, the same in every process and on every machine."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np

from problems.schema import Problem
from problems.variables import VarSpec

POINTS = 8
#: Undeclared names are put in from this range: positive and away from 0 and 1, so that roots and logarithms exist.
FREE_RANGE = (0.4, 2.6)

#: One value a point: complex numbers, or arrays for matrices (vectors are columns).
Vector = list[Any]


class SamplePoints:
    """Gives every name its values; declared names within their domain, all others in `FREE_RANGE`."""

    def __init__(self, seed: str, specs: Mapping[str, VarSpec]) -> None:
        self.seed = seed
        self.specs = specs
        self.known: dict[str, Vector] = {}
        self.has_matrices = any(spec.type in ("matrix", "vector") for spec in specs.values())

    @classmethod
    def of(cls, problem: Problem, names: Mapping[str, str]) -> SamplePoints:
        """Return the sampler of a problem; ``names`` maps the YAML's spelling of a variable to the parsed name."""
        return cls(problem.id, {names[var.name]: var for var in problem.vars})

    def __call__(self, name: str) -> Vector:
        """Return the values of a name."""
        found = self.known.get(name)
        if found is None:
            found = self.known[name] = self._draw(name)
        return found

    def _draw(self, name: str) -> Vector:
        rng = random.Random(f"{self.seed}|{name}")  # noqa: S311  # sample points, no secret
        spec = self.specs.get(name)
        if name.startswith("vec:") or (spec is not None and spec.type == "vector"):
            size = spec.size if spec is not None else 3
            return [_array(rng, size, 1) for _ in range(POINTS)]
        if spec is not None and spec.type == "matrix":
            made = [_array(rng, spec.size, spec.size) for _ in range(POINTS)]
            return [(item + item.T) / 2 for item in made] if spec.symmetric else made
        if self.has_matrices and spec is None and name in ("I", "E"):
            size = next(
                spec.size for spec in self.specs.values() if spec.type in ("matrix", "vector")
            )
            return [np.eye(size, dtype=complex) for _ in range(POINTS)]
        if spec is None:
            return [complex(rng.uniform(*FREE_RANGE)) for _ in range(POINTS)]
        if spec.type == "int":
            return [complex(rng.randint(int(spec.min), int(spec.max))) for _ in range(POINTS)]
        if spec.type == "complex":
            return [
                complex(rng.uniform(spec.min, spec.max), rng.uniform(spec.min, spec.max))
                for _ in range(POINTS)
            ]
        return [complex(rng.uniform(spec.min, spec.max)) for _ in range(POINTS)]


def _array(rng: random.Random, rows: int, columns: int) -> Any:
    return np.array(
        [[rng.uniform(-2, 2) for _ in range(columns)] for _ in range(rows)], dtype=complex
    )
