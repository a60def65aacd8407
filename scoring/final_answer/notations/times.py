"""Times of day in words, as hours and minutes with AM or PM: a quarter to four, 下午3点45分."""

from __future__ import annotations

import re

_HOURS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
_SPOKEN = re.compile(
    rf"\b(?P<part>(?:an?\s+)?quarter|half)\s+(?P<side>past|to|after)\s+"
    rf"(?P<hour>\d{{1,2}}|{'|'.join(_HOURS)})\b(?![:.]\d)"
    r"(?:\s+(?:in\s+the\s+(?P<half>morning|afternoon|evening)|(?P<sign>[ap]\.?\s?m\b\.?)))?",
    re.IGNORECASE,
)
_CHINESE = re.compile(
    r"(?P<half>凌晨|早上|早晨|上午|中午|下午|傍晚|晚上)?\s*(?P<hour>\d{1,2})\s*[点时]\s*"
    r"(?:(?P<minute>\d{1,2})\s*分(?!之)|(?P<part>半|整))?"
)
_MORNING = frozenset(("凌晨", "早上", "早晨", "上午"))


def times_of_day(text: str) -> str:
    """Return the text with times of day in words as ``3:45 PM``; other texts as they are."""
    lower = text.lower()
    if "quarter" in lower or "half" in lower:
        text = _SPOKEN.sub(_spoken, text)
    return _CHINESE.sub(_chinese, text) if "点" in text or "时" in text else text


def _spoken(found: re.Match[str]) -> str:
    hour = int(_HOURS.get(found["hour"].lower(), found["hour"]))
    minutes = 60 * hour + (30 if found["part"].lower() == "half" else 15) * (
        -1 if found["side"].lower() == "to" else 1
    )
    half = found["sign"] or {"m": "AM", "a": "PM", "e": "PM"}.get(
        (found["half"] or "-")[0].lower(), ""
    )
    return f"{minutes // 60 or 12}:{minutes % 60:02} {half}".rstrip()


def _chinese(found: re.Match[str]) -> str:
    half = found["half"]
    # Without its half of the day, only hours with minutes are a time: 3点 may be three points.
    if half is None and found["minute"] is None:
        return found.group()
    minute = 30 if found["part"] == "半" else int(found["minute"] or 0)
    written = f"{int(found['hour'])}:{minute:02}"
    if half is None or int(found["hour"]) > 12:
        return written
    return f"{written} {'AM' if half in _MORNING else 'PM'}"
