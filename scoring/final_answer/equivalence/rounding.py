"""Numbers as they are displayed: rounded, cut off, or printed with a power of ten."""

from __future__ import annotations

import math
import re
from fractions import Fraction

#: Digits that a rounded decimal shows at least, to stand for an exact value.
ROUNDED_DIGITS = 3
_PRINTED = re.compile(r"(?P<sign>-?)(?P<digits>\d+(?:\.\d+)?)[eE](?P<power>[-+]?\d{1,3})")


def in_powers(text: str) -> str:
    """Return a number as programs print it, ``1e-3``, with its power of ten."""
    found = _PRINTED.fullmatch(text.replace(" ", ""))
    if found is None:
        return text
    return f"{found['sign']}{found['digits']}*10^{{{int(found['power'])}}}"


def rounds(written: str, value: Fraction) -> bool:
    """Return whether a decimal is a value rounded or cut off.

    Shown to `ROUNDED_DIGITS` significant digits at least.
    """
    written = written.replace(" ", "")
    decimals = len(written.split(".")[1])
    if len(re.sub(r"[-.]", "", written).lstrip("0")) < ROUNDED_DIGITS:
        return False
    unit = Fraction(1, 10**decimals)
    shown = Fraction(written)
    cut = Fraction(math.trunc(value / unit)) * unit
    return abs(shown - value) <= unit / 2 * Fraction(1_000_001, 1_000_000) or shown == cut


#: The digits of a number in scientific notation.
MANTISSA = re.compile(r"(?P<digits>-?\d\.\d+)\s*(?:\*|\\times|\\cdot|×)\s*10\s*\^")
#: Significant digits with which a decimal may round a longer one.
FINE_DIGITS = 5


def rounds_finely(written: str, value: Fraction) -> bool:
    """Return whether a decimal rounds a longer one to `FINE_DIGITS` significant digits or more."""
    digits = len(re.sub(r"[-.\s]", "", written).lstrip("0"))
    return digits >= FINE_DIGITS and rounds(written, value)
