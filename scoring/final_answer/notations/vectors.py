"""Vectors by their usual signs: ``<1, 2>``, ``(1, 2)^T``, ``i + 2j``."""

from __future__ import annotations

import re

_ANGLED = re.compile(
    r"(?P<lead>(?:^|[=:是为]|\bis|\bvector|\bget)\s*)<\s*(?P<inside>[^<>=≤≥]+,[^<>=≤≥]+)>(?!\s*[\w(])"
)
_TRANSPOSED = re.compile(
    r"(?P<tuple>\([^()]*,[^()]*\)|\[[^\[\],]*,[^\[\]]*\])(?P<close>\}*)\s*\^\s*"
    r"(?:\{\s*)?(?:T(?![A-Za-z])|\\top(?![A-Za-z])|\\intercal)(?:\s*\})?"
)
_UNIT = r"(?:\\(?:hat|vec|widehat)\s*\{?\s*)?\\?(?P<unit>[ijk])(?:math)?\s*\}?"
_TERM = re.compile(
    rf"\s*(?P<sign>[-+]?)\s*(?P<times>(?:[^-+ijk{{}}]|\\frac\{{[^{{}}]*\}}\{{[^{{}}]*\}}"
    rf"|\\sqrt\{{[^{{}}]*\}})*?)\s*\*?\s*{_UNIT}(?![A-Za-z])"
)


def tuples(text: str) -> str:
    """Return the text with vectors in angle brackets or transposed as tuples."""
    if "<" in text:
        text = _ANGLED.sub(lambda m: f"{m['lead']}({m['inside'].strip()})", text)
    return _TRANSPOSED.sub(r"\g<tuple>\g<close>", text)


def entries(text: str, size: int) -> list[str] | None:
    """Return the entries of a sum of unit vectors i, j and k, None for anything else."""
    found = dict.fromkeys("ijk"[:size], "0")
    at, seen = 0, []
    while at < len(text.rstrip()):
        term = _TERM.match(text, at)
        if term is None or (at and not term["sign"]) or term["unit"] not in found:
            return None
        seen.append(term["unit"])
        found[term["unit"]] = f"{term['sign'].replace('+', '')}{term['times'].strip() or '1'}"
        at = term.end()
    return list(found.values()) if len(seen) > 1 and len(set(seen)) == len(seen) else None
