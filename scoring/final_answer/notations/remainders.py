"""A quotient with its remainder: 7余3, ``7 R 3``, 7……3, "quotient 7, remainder 3"."""

from __future__ import annotations

import re

_SIGN = r"(?:余数?|…+|⋯+|\.{3,6}|\\(?:cdots|ldots|dots)|\b(?:with a )?remainder|\b[rR]\.?(?=\s*\d))"
_JOINED = r"\s*(?:为|是|of|is|:|：)?\s*\**\s*"
_WRITTEN = re.compile(
    rf"(?P<quotient>\d+)[^\d=]{{0,12}}?{_SIGN}{_JOINED}(?P<remainder>\d+)", re.IGNORECASE
)


def same_remainder(reference: str, stated: str) -> bool | None:
    """Return whether a text states the quotient and the remainder of a reference.

    None where the reference is another kind of answer.
    """
    wanted = _WRITTEN.fullmatch(_bare(reference))
    if wanted is None:
        return None
    found = list(_WRITTEN.finditer(_bare(stated)))
    return bool(found) and _pair(found[-1]) == _pair(wanted)


def _bare(text: str) -> str:
    return re.sub(r"\\text\s*\{([^{}]*)\}|[$*]", r"\1", text).strip(" .。")


def _pair(found: re.Match[str]) -> tuple[int, int]:
    return int(found["quotient"]), int(found["remainder"])
