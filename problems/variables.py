"""Domains of the symbols of a problem: the numbers that the scorer may put in for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from problems.errors import Place, ProblemError
from problems.reading import choice, flag, mapping, number, text, whole

VAR_TYPES = ("real", "int", "complex", "matrix", "vector")


@dataclass(frozen=True, slots=True, kw_only=True)
class VarSpec:
    """The type of one symbol and, for numbers, the closed range that sample points come from.

    ``size`` is the dimension of a matrix or vector; ``symmetric`` restricts a matrix.
    """

    name: str
    type: str = "real"
    min: float = -3.0
    max: float = 3.0
    size: int = 3
    symmetric: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the YAML shape."""
        if self.type in ("matrix", "vector"):
            data: dict[str, Any] = {"type": self.type, "size": self.size}
            return data | {"symmetric": True} if self.symmetric else data
        return {"type": self.type, "min": self.min, "max": self.max}


def read_vars(data: Any, place: Place) -> tuple[VarSpec, ...]:
    """Read the ``vars`` mapping, in the order of the file."""
    if not isinstance(data, Mapping):
        raise ProblemError(
            "vars is a mapping such as {x: {type: real, min: 0, max: 1}}", place=place
        )
    return tuple(
        _read_var(text(name, place), item, (*place, str(name))) for name, item in data.items()
    )


def _read_var(name: str, data: Any, place: Place) -> VarSpec:
    found = mapping(data, place, required=("type",), optional=("min", "max", "size", "symmetric"))
    kind = choice(found["type"], (*place, "type"), VAR_TYPES)
    low = number(found.get("min", -3 if kind in ("real", "complex") else 1), (*place, "min"))
    high = number(found.get("max", 3 if kind in ("real", "complex") else 9), (*place, "max"))
    if low > high:
        raise ProblemError(f"min {low:g} is above max {high:g}", place=place)
    return VarSpec(
        name=name,
        type=kind,
        min=low,
        max=high,
        size=whole(found.get("size", 3), (*place, "size"), low=1, high=6),
        symmetric=flag(found.get("symmetric", False), (*place, "symmetric")),
    )
