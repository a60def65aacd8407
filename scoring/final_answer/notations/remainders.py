"""A quotient with its remainder: 7余3, ``7 R 3``, 7……3, "quotient 7, remainder 3"."""

from __future__ import annotations

import re

_SIGN = r"(?:余数?|…+|⋯+|\.{3,6}|\\(?:cdots|ldots|dots)|\b(?:with a )?remainder|\b[rR]\.?(?=\s*\d))"
_JOINED = r"\s*(?:为|是|of|is|:|：)?\s*\**\s*"
_WRITTEN = re.compile(
    rf"(?P<quotient>\d+)[^\d=]{{0,12}}?{_SIGN}{_JOINED}(?P<remainder>\d+)", re.IGNORECASE
)
#: A division or its value alone, with the remainder in the signs of arithmetic, at the end.
_RESULT = re.compile(
    rf"(?:^|[=:：\s])(?P<quotient>\d+)\s*{_SIGN}\s*(?P<remainder>\d+)\W*$", re.IGNORECASE
)
#: The division written as a product and what is left: 52 = 7 * 7 + 3.
_PRODUCT = re.compile(
    r"\d+\s*=\s*(?P<a>\d+)\s*(?:\*|×|·|\\times|\\cdot)\s*(?P<b>\d+)\s*\+\s*(?P<remainder>\d+)\W*$"
)
_ASKS_REMAINDER = re.compile(r"\bremainder\b|\bleft(?: over)?\b|余", re.IGNORECASE)
_ASKS_QUOTIENT = re.compile(
    r"\bquotient\b|\b(?:full|whole|complete|at most|most|maximum)\b|商|最多|整|装满", re.IGNORECASE
)


def same_remainder(reference: str, stated: str) -> bool | None:
    """Return whether a text states the quotient and the remainder of a reference.

    None where the reference is another kind of answer.
    """
    wanted = _WRITTEN.fullmatch(_bare(reference))
    if wanted is None:
        return None
    product = _PRODUCT.search(_bare(stated))
    if product is not None:
        quotient, remainder = _pair(wanted)
        factors = {int(product["a"]), int(product["b"])}
        return remainder == int(product["remainder"]) and quotient in factors
    found = list(_WRITTEN.finditer(_bare(stated)))
    return bool(found) and _pair(found[-1]) == _pair(wanted)


def part_asked(stated: str, question: str) -> str | None:
    """Return the quotient or the remainder that a text ends in, whichever is asked for.

    None where a text does not end so, or where the question asks for neither or for both.
    """
    found = _RESULT.search(_bare(stated))
    asked = (
        _ASKS_REMAINDER.search(question) is not None,
        _ASKS_QUOTIENT.search(question) is not None,
    )
    if found is None or asked[0] == asked[1]:
        return None
    return found["remainder" if asked[0] else "quotient"]


def _bare(text: str) -> str:
    return re.sub(r"\\text\s*\{([^{}]*)\}|\$|\*\*", r"\1", text).strip(" .。")


def _pair(found: re.Match[str]) -> tuple[int, int]:
    return int(found["quotient"]), int(found["remainder"])
