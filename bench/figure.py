"""One measured figure, as ``bench/results.json`` holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with unit, target and how it was measured; figures inform, they fail nothing."""

    name: str
    value: float
    unit: str
    #: E.g. ``<= 1.05``; None where there is no target.
    target: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.target is None:
            return None
        relation, bound = self.target.split()
        return self.value <= float(bound) if relation == "<=" else self.value >= float(bound)

    def to_dict(self) -> dict[str, Any]:
        """Return the entry of the results file."""
        return asdict(self) | {"settings": dict(self.settings), "ok": self.ok}
