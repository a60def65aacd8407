"""A decimal behind the exact value that it approximates: ``12π，取π=3.14大概37.68``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

#: How far a decimal may be from the value that it stands for.
SHARE = Fraction(1, 100)
_DECIMAL = re.compile(
    r"^(?P<lead>.*[\d)}π\u3400-\u9fff])\s*[,，;；(（]\s*"
    r"(?:取\s*(?:π|\\pi)\s*[=≈取为是]\s*3\.14\d*[^,，;；\d]*?)?[,，]?\s*"
    r"(?:大概|大约|约等于|约为|约是|约|≈|\\approx"
    r"|\b(?:or |which is |so )?(?:approximately|about|roughly|around|approx\.?))\s*(?:是|为)?\s*"
    r"\$?(?P<value>-?\d+(?:\.\d+|(?=\s*\\?%)))(?P<percent>\s*\\?%)?[^\d=%]{0,12}$",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approximated:
    """What a text says before it approximates it, and by which decimal."""

    lead: str
    decimal: Fraction

    def is_near(self, value: Fraction | None) -> bool:
        """Return whether the decimal stands for a value."""
        return value is not None and abs(self.decimal - value) <= SHARE * abs(value)


def approximated(text: str) -> Approximated | None:
    """Return what a text approximates by the decimal that it ends in, None where it does not."""
    found = _DECIMAL.search(text) if "." in text or "%" in text else None
    if found is None:
        return None
    share = Fraction(1, 100) if found["percent"] else Fraction(1)
    return Approximated(lead=found["lead"], decimal=share * Fraction(found["value"]))
