r"""Multiples of π in words: ``pi over 4``, ``two thirds of pi``, ``pi squared``, 四分之π, 3派."""

from __future__ import annotations

import re

_PI = r"(?:\\pi(?![A-Za-z])|(?<![A-Za-z\\])pi(?![A-Za-z])|π)"
_POWER = r"(?:\s*\^\s*\{?\d\}?)?"
_HAS_PI = re.compile(_PI, re.IGNORECASE)
_CHINESE_PI = re.compile(r"(?<=[\d}之倍])\s*派(?![\u3400-\u9fff])")
_RAISED = re.compile(
    rf"(?P<pi>{_PI})\s*(?:(?P<two>squared|的平方)|(?:cubed|的立方))", re.IGNORECASE
)
_PARTS = {"halves": 2, "half": 2, "thirds": 3, "third": 3, "quarters": 4, "quarter": 4,
          "fourths": 4, "fourth": 4, "fifths": 5, "fifth": 5, "sixths": 6, "sixth": 6,
          "eighths": 8, "eighth": 8, "twelfths": 12, "twelfth": 12}  # fmt: skip
_MULTIPLE = rf"(?P<top>(?:\d+(?:\.\d+)?\s*\*?\s*)?{_PI}{_POWER})"
#: A multiple of π over a number.
_OVER = re.compile(
    rf"{_MULTIPLE}\s+(?:over|divided\s+by)\s+(?P<bottom>\d+)(?![\d.])", re.IGNORECASE
)
_IN_PARTS = re.compile(rf"{_MULTIPLE}\s+(?P<part>{'|'.join(_PARTS)})\b", re.IGNORECASE)
#: A part of π, and the product of a number with it in either order.
_PART_OF = re.compile(
    rf"(?:(?P<half>\bhalf)|(?P<part>\\frac\{{\d+\}}\{{\d+\}}))\s+(?:of\s+)?(?P<pi>{_PI}{_POWER})",
    re.IGNORECASE,
)
_TIMES = re.compile(rf"(?P<n>\d+(?:\.\d+)?)\s+times\s+(?P<pi>{_PI}{_POWER})", re.IGNORECASE)
_BY = re.compile(rf"(?P<pi>{_PI}{_POWER})\s+times\s+(?P<n>\d+)(?![\d.])", re.IGNORECASE)
_CHINESE_PART = re.compile(rf"(?P<bottom>\d+)分之(?P<pi>{_PI}{_POWER})", re.IGNORECASE)


def multiples_of_pi(text: str) -> str:
    """Return a text, numbers in digits, with multiples of π in words as formulas."""
    if "派" in text:
        text = _CHINESE_PI.sub("π", text)
    if _HAS_PI.search(text) is None:
        return text
    text = _RAISED.sub(lambda m: f"{m['pi']}^{2 if m['two'] else 3}", text)
    text = _TIMES.sub(r"\g<n>*\g<pi>", _BY.sub(r"\g<n>*\g<pi>", text))
    text = _OVER.sub(lambda m: f"\\frac{{{m['top']}}}{{{m['bottom']}}}", text)
    text = _IN_PARTS.sub(lambda m: f"\\frac{{{m['top']}}}{{{_PARTS[m['part'].lower()]}}}", text)
    text = _CHINESE_PART.sub(lambda m: f"\\frac{{{m['pi']}}}{{{m['bottom']}}}", text)
    return _PART_OF.sub(
        lambda m: f"\\frac{{{m['pi']}}}{{2}}" if m["half"] else f"{m['part']}*{m['pi']}", text
    )
