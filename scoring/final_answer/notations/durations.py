"""Durations as they are said, with both units: 1小时20分, ``1h30``, "an hour and a quarter"."""

from __future__ import annotations

import re

_MINUTES = re.compile(
    r"(?P<hours>\b\d+|\ban)\s+hours?\s+(?:and\s+)?(?P<minutes>\d{1,2})"
    r"(?:\s*(?P<unit>minutes?|mins?)\b|(?=[\s.!]*$|[,;)]))",
    re.IGNORECASE,
)
_PART = re.compile(
    r"(?P<hours>\b\d+|\ban)\s+hours?\s+and\s+(?P<part>\\frac\{\d\}\{\d\}|a half)(?![\d.]|\s*of\b)",
    re.IGNORECASE,
)
_SHORT = re.compile(
    r"(?<![\w.])(?P<hours>\d{1,2})\s?h\s?(?:(?P<minutes>[0-5]\d)(?![\w.]*\w|\s*m)"
    r"|(?P<said>\d{1,2})\s?(?:min|m)(?![A-Za-z]))"
)
#: A minute or a second, and no minimum or secant.
_SYMBOL = re.compile(
    r"(?<=\d)\s*(?P<unit>min|sec)\.?(?=\s*(?:$|[,;!?)\]}$，。；*]|(?:and|or|per)\b))"
)
_CHINESE = re.compile(
    r"(?P<hours>\d+)\s*个?(?:小时|钟头)\s*零?(?P<minutes>\d{1,2})\s*分(?![钟之\d])"
)
_SECONDS = re.compile(r"(?P<minutes>\d{1,2})\s*分(?=\s*\d{1,2}\s*秒)")


def durations(text: str) -> str:
    """Return a text, numbers in digits, with durations that leave a unit out in full."""
    if "hour" in text:
        text = _PART.sub(lambda m: f"({_count(m)}+{m['part']}) hours", text)
        text = _MINUTES.sub(lambda m: f"{_count(m)} hour {m['minutes']} minutes", text)
    if "h" in text:
        text = _SHORT.sub(lambda m: f"{m['hours']} hour {m['minutes'] or m['said']} minutes", text)
    if "min" in text or "sec" in text:
        text = _SYMBOL.sub(lambda m: " minutes" if m["unit"] == "min" else " seconds", text)
    if "分" in text:
        text = _SECONDS.sub(r"\g<minutes>分钟", _CHINESE.sub(r"\g<hours>小时\g<minutes>分钟", text))
    return text


def _count(found: re.Match[str]) -> str:
    return "1" if found["hours"].lower() == "an" else found["hours"]
