"""Tell a rounded decimal from a different number."""

from __future__ import annotations

from scoring.expression import Node


def rounded_to(node: Node, exact: complex) -> bool:
    """Say whether a decimal literal is ``exact`` rounded or cut off, with two significant decimals at least."""
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
    written = repr(node[1])
    digits = written.split(".")[1] if "." in written and "e" not in written else ""
    if len(digits) < 1 or digits == "0":
        return False
    significant = len((written.replace(".", "")).lstrip("0"))
    if significant < 3:
        return False
    return abs(sign * node[1] * scale - exact.real) <= 1.0001 * scale * 10.0 ** -len(digits)
