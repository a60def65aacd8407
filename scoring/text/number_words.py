"""Write numbers in words as digits where they stand as values.

That is after a relation, alone in a cell of a table or in a text command, and in fractions such as
``三分之一``. Elsewhere ``one`` and ``一`` are articles and parts of words.
"""

from __future__ import annotations

import re

from scoring.text.renderings import Rendering, rewrite

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10**4, "亿": 10**8}
_UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_DECADES = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SMALL = {word: value for value, word in enumerate(_UNITS)} | {
    word: 10 * value for value, word in enumerate(_DECADES, start=2)
}
_MULTIPLIERS = {"hundred": 100, "thousand": 1000, "million": 10**6}
_CHINESE = f"[{''.join([*_DIGITS, *_TENS, *_LARGE])}]{{1,12}}"
_WORD = rf"(?:{'|'.join([*_SMALL, *_MULTIPLIERS])})"
_ENGLISH = rf"(?:minus |negative )?{_WORD}(?:[ -](?:and )?{_WORD}){{0,5}}(?![A-Za-z-])"
#: What may follow a value in Chinese: a unit, or nothing that belongs to a word.
_END = (
    r"(?=(?:元|[千毫厘分]?米|公里|[千]?克|吨|人|度|分钟|小时|秒|天|个|辆|[平立]方)"
    r"|[^\u4e00-\u9fff]|$)"
)
_RELATION = r"(?:[=≈<>≤≥]|\\(?:approx|ge|le|geq|leq)(?![a-z]))"

_FRACTION = re.compile(rf"(?<!又)({_CHINESE})分之({_CHINESE})")
_AFTER_RELATION = re.compile(
    rf"({_RELATION}[ $]*)(?:(负?{_CHINESE}){_END}|({_ENGLISH}))", re.IGNORECASE
)
_CELL = re.compile(
    rf"(\|[ $]*)(?:(负?{_CHINESE})|({_ENGLISH}))(?=[ $]*(?:[A-Za-z]{{1,2}}[ $]*)?\|)", re.IGNORECASE
)
_COMMAND = re.compile(rf"()\\text ?\{{ ?(?:(负?{_CHINESE})|({_ENGLISH})) ?\}}", re.IGNORECASE)


def with_digits(rendering: Rendering) -> Rendering:
    """Return the rendering with such numbers as digits."""

    def fraction(found: re.Match[str]) -> str:
        if found.group(1) == "百":
            return f"{_chinese(found.group(2))}%"
        return f"{_chinese(found.group(2))}/{_chinese(found.group(1))}"

    def value(found: re.Match[str]) -> str:
        number = _chinese(found.group(2)) if found.group(2) else _english(found.group(3))
        return f"{found.group(1)}{number}"

    made = rewrite(rendering, _FRACTION, fraction, needs="分之")
    for pattern, needs in ((_AFTER_RELATION, ""), (_CELL, "|"), (_COMMAND, "\\text")):
        made = rewrite(made, pattern, value, needs=needs)
    return made


def _chinese(text: str) -> str:
    """Return the digits of a Chinese number: ``一百四十四`` is 144, ``二〇`` is 20."""
    sign, text = ("-", text[1:]) if text[0] == "负" else ("", text)
    if all(char in _DIGITS for char in text):
        return sign + "".join(str(_DIGITS[char]) for char in text)
    total = part = digit = 0
    for char in text:
        if char in _DIGITS:
            digit = _DIGITS[char]
        elif char in _TENS:
            part += (digit or 1) * _TENS[char]
            digit = 0
        else:
            total = (total + part + digit or 1) * _LARGE[char]
            part = digit = 0
    return f"{sign}{total + part + digit}"


def _english(text: str) -> str:
    """Return the digits of an English number."""
    sign, total, part = "", 0, 0
    for word in re.split(r"[ -]", text.lower()):
        if word in ("minus", "negative"):
            sign = "-"
        elif word in _SMALL:
            part += _SMALL[word]
        elif word == "hundred":
            part = (part or 1) * 100
        elif word in _MULTIPLIERS:
            total += (part or 1) * _MULTIPLIERS[word]
            part = 0
    return f"{sign}{total + part}"
