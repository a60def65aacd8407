"""Tell a rounded decimal from a different number."""

from __future__ import annotations

import math

from scoring.formulas.tree import Node


def decimals_of(number: float) -> int:
    """Return how many decimals a literal was written with (trailing zeros are lost)."""
    written = repr(number)
    return (
        len(written.split(".")[1])
        if "." in written and "e" not in written and not written.endswith(".0")
        else 0
    )


def rounded_to(node: Node, exact: complex) -> bool:
    """Say whether a decimal literal is ``exact`` rounded or cut off, with three significant digits at least."""
    sign, scale = 1.0, 1.0
    while node[0] in ("neg", "div"):
        if node[0] == "neg":
            sign, node = -sign, node[1]
        elif node[2] in (("n", 100.0), ("n", 1000.0)):
            scale, node = scale / node[2][1], node[1]
        else:
            return False
    if node[0] != "n" or abs(exact.imag) > 1e-9:
        return False
    digits = decimals_of(node[1])
    if not digits or len(repr(node[1]).replace(".", "").lstrip("0")) < 3:
        return False
    written, wanted = sign * node[1], exact.real / scale
    unit = 10.0**-digits
    cut_off = math.trunc(wanted / unit) * unit
    return bool(
        abs(written - wanted) <= 0.5001 * unit or abs(written - cut_off) <= 1e-9 * abs(wanted)
    )
