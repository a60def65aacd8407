"""Numbers of the command line: none passes that the database or JSON readers cannot hold."""

from __future__ import annotations

import math
from typing import Any

import click

from orchestrator.models.table import LARGEST


def whole(least: int = -LARGEST, most: int = LARGEST) -> click.IntRange:
    """Return the type of a whole number, both ends included."""
    return _Whole(least, most)


def _described(kind: click.IntRange | click.FloatRange) -> str:
    """Return the ends that say something, for a command's help."""
    assert kind.min is not None
    assert kind.max is not None
    below, sign = kind.max < LARGEST, "<" if kind.min_open else "<="
    if kind.min <= -LARGEST:
        return f"x<={kind.max}" if below else ""
    return f"{kind.min}{sign}x<={kind.max}" if below else f"x{sign.replace('<', '>')}{kind.min}"


class _Whole(click.IntRange):
    name = "integer"

    def _describe_range(self) -> str:
        return _described(self)


class _Finite(click.FloatRange):
    name = "float"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse what float() reads and is no number."""
        number = click.FLOAT.convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return super().convert(value, param, ctx)

    def _describe_range(self) -> str:
        return _described(self)


def finite(
    least: float = -LARGEST, most: float = LARGEST, *, above: bool = False
) -> click.FloatRange:
    """Return the type of a finite number from ``least``, or above it, to ``most``."""
    return _Finite(least, most, min_open=above)
