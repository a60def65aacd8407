"""Mixed numbers: ``2 1/3``, ``2½``."""

from __future__ import annotations

import re

MIXED = re.compile(
    r"(?<![\d.}_^\w\\/])(?P<whole>\d+)\s*(?:又"
    r"|and)?\s*\\frac\s*\{\s*(?P<top>\d+)\s*\}\s*\{\s*(?P<bottom>\d+)\s*\}"
)
MIXED_PLAIN = re.compile(
    r"(?<![\d.}_^\w\\/*+=<>-])(?P<sign>-?)(?P<whole>\d+)(?:\s+|\s*又\s*|\s+and\s+)"
    r"(?P<top>\d+)\s*/\s*(?P<bottom>\d+)(?![\d/]|\.\d)"
)
_VULGAR = {"½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5),
           "⅖": (2, 5), "⅗": (3, 5),
           "⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6), "⅛": (1, 8), "⅜": (3, 8), "⅝": (5, 8),
           "⅞": (7, 8)}  # fmt: skip
MIXED_VULGAR = re.compile(rf"(?P<whole>\d+)?\s*(?P<sign>[{''.join(_VULGAR)}])")


def vulgar(found: re.Match[str]) -> str:
    """Return a fraction in one sign, with the whole number before it, as a sum."""
    top, bottom = _VULGAR[found["sign"]]
    return f"({found['whole'] or 0}+\\frac{{{top}}}{{{bottom}}})"


def mixed(found: re.Match[str]) -> str:
    """Return a whole number before a proper fraction as a sum; anything else stays as it is."""
    top, bottom = int(found["top"]), int(found["bottom"])
    if not 0 < top < bottom:
        return found.group()
    sign = found.groupdict().get("sign") or ""
    return f"{sign}({found['whole']}+\\frac{{{top}}}{{{bottom}}})"
