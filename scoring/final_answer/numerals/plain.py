r"""Write every number of a text in digits: words, scales, mixed numbers, groups, repetitions.

Everything becomes digits, ``\frac{a}{b}`` or ``(a+\frac{b}{c})``, exactly; text around numbers
is left alone.
"""

from __future__ import annotations

import re
from functools import lru_cache

from scoring.final_answer.numerals.chinese import with_chinese, with_halves, with_roots
from scoring.final_answer.numerals.english import with_english
from scoring.final_answer.numerals.mixed import MIXED, MIXED_PLAIN, MIXED_VULGAR, mixed, vulgar
from scoring.final_answer.numerals.repeating import with_repeating
from scoring.final_answer.numerals.scales import with_scales

_GROUP = re.compile(
    r"(?<![\d.,}_^])\d{1,3}(?:(?:\{,\}|,\\!|\\,|\\ |\\;|\\:|[  ']|(?<=\d),(?=\d{3}))\d{3})+(?![\d])"
)
_INDIAN = re.compile(r"(?<![\d.,])\d{1,2}(?:,\d{2})+,\d{3}(?![\d,])")

_BELOW_ZERO = re.compile(
    r"(?<![\d.-])(?P<n>\d+(?:\.\d+)?)(?P<unit>\s*(?:degrees?\s*)?)below (?:zero|0)|零下\s*(?=\d)"
)


@lru_cache(maxsize=1024)
def plain_numbers(text: str) -> str:
    """Return the text with every number in digits; idempotent."""
    text = with_repeating(with_roots(text))
    text = _INDIAN.sub(lambda found: found.group().replace(",", ""), text)
    if not text.isascii():
        text = MIXED_VULGAR.sub(vulgar, text)
    if "，" in text:
        text = re.sub(r"(?<=\d)，(?=\d{3}(?!\d))", ",", text)
    text = _GROUP.sub(lambda found: re.sub(r"[^\d]", "", found.group()), text)
    if "\\frac" in text:
        text = MIXED.sub(mixed, text)
    if "/" in text:
        text = MIXED_PLAIN.sub(mixed, text)
    if not text.isascii():
        text = with_chinese(with_halves(text))
    text = with_english(text)
    if "below" in text or "零下" in text:
        text = _BELOW_ZERO.sub(lambda m: f"-{m['n']}{m['unit']}" if m["n"] else "-", text)
    return with_scales(text)
