"""Distinguish a rounded decimal from a different number."""

from __future__ import annotations

import math

from scoring.formulas.tree import Binary, Negation, Node, Number


def decimals_of(number: float) -> int:
    """Return how many decimals a literal was written with (trailing zeros are lost)."""
    written = repr(number)
    whole = "." not in written or "e" in written or written.endswith(".0")
    return 0 if whole else len(written.split(".")[1])


def rounded_to(node: Node, exact: complex) -> bool:
    """Return whether a decimal is ``exact`` rounded or cut off, with three digits at least."""
    sign, scale = 1.0, 1.0
    while not isinstance(node, Number):
        match node:
            case Negation(inner):
                sign, node = -sign, inner
            case Binary("div", inner, Number(100.0 | 1000.0 as share)):
                scale, node = scale / share, inner
            case _:
                return False
    value = node.value
    digits = decimals_of(value)
    if not digits or len(repr(value).replace(".", "").lstrip("0")) < 3 or abs(exact.imag) > 1e-9:
        return False
    written, wanted = sign * value, exact.real / scale
    unit = 10.0**-digits
    cut_off = math.trunc(wanted / unit) * unit
    return bool(
        abs(written - wanted) <= 0.5001 * unit or abs(written - cut_off) <= 1e-9 * abs(wanted)
    )
