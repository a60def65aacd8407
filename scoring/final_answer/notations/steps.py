"""Expressions whose values jump or count: rounded down or up, and binomials of a letter."""

from __future__ import annotations

import math
import re

_JUMPS = re.compile(r"\\[lr](?:floor|ceil)|⌊|⌈|\bmod\b|\\bmod")
_BINOMIAL = re.compile(r"\\binom\s*\{(?P<n>[^{}]*[A-Za-z][^{}]*)\}\s*\{(?P<k>\d)\}")
#: By how much letters are stretched: the sample points alone are small.
STRETCHES = (7, 61)


def jumps(text: str) -> bool:
    """Return whether an expression rounds, so that a few small points say little of it."""
    return _JUMPS.search(text) is not None


def stretched(text: str, times: int) -> str:
    """Return an expression with each letter ``times`` times as large and one more."""
    return re.sub(
        r"(?<![A-Za-z\\])[A-Za-z](?![A-Za-z])",
        lambda m: m.group() if m.group() in "ei" else f"({times}*{m.group()}+1)",
        text,
    )


def multiplied_out(text: str) -> str:
    r"""Return the text with binomials of a letter over a digit as products: ``\binom{n}{2}``."""

    def product(found: re.Match[str]) -> str:
        k = int(found["k"])
        factors = "*".join(f"(({found['n']})-{i})" for i in range(k)) or "1"
        return f"({factors}/{math.factorial(k)})"

    return _BINOMIAL.sub(product, text)
