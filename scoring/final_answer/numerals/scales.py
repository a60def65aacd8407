"""Numbers with a scale behind them: 3万6千, ``2.5 million``."""

from __future__ import annotations

import re
from fractions import Fraction

from scoring.final_answer.numerals.english import ENGLISH_SCALES
from scoring.final_answer.numerals.written import as_decimal

_SCALES = {
    "千": 10**3,
    "百": 10**2,
    "万": 10**4,
    "亿": 10**8,
    "十万": 10**5,
    "百万": 10**6,
    "千万": 10**7,
}
_SCALE = re.compile(
    r"(?P<number>\d+(?:\.\d+)?)\s*\$?\s*(?P<scale>十万|百万|千万|[万亿](?!分)"
    r"|千(?![克米瓦卡])|百(?!分)|(?:hundred|thousand|million|billion|trillion"
    r"|dozen)(?![A-Za-z]))",
    re.IGNORECASE,
)
_COMPOUND = re.compile(
    r"\d+(?:\.\d+)?\s*\$?\s*(?:十万|百万|千万|[万亿千百])(?:\s*(?:零"
    r"|〇)?\s*\d+(?:\.\d+)?\s*\$?\s*(?:十万|百万|千万|[万亿千百])?(?!\d))*",
)
#: 3个亿 is said for 3亿.
_COUNTED_SCALE = re.compile(r"(?<=\d)个(?=[百千]?亿)")


def with_scales(text: str) -> str:
    """Return numbers with a scale multiplied out: ``3万6千``, ``2亿4000万``, ``2.5 million``."""

    def compound(found: re.Match[str]) -> str:
        pieces = re.findall(r"(\d+(?:\.\d+)?)\s*\$?\s*(十万|百万|千万|[万亿千百])?", found.group())
        if re.search(r"千[克米瓦卡]|百分", text[found.start() : found.end() + 1]):
            return found.group()
        total, last = Fraction(0), 0
        for number, scale in pieces:
            size = _SCALES.get(scale, 1)
            if not scale and last and "." not in number and len(number) == 1:
                size = last // 10  # 3万6 is said for 36000
            total += Fraction(number) * size
            last = size
        return as_decimal(total)

    if not text.isascii():
        text = _COMPOUND.sub(compound, _COUNTED_SCALE.sub("", text))
    return _SCALE.sub(
        lambda m: as_decimal(
            Fraction(m["number"]) * (_SCALES.get(m["scale"]) or ENGLISH_SCALES[m["scale"].lower()])
        ),
        text,
    )
