"""Lengths where a question names the time they are covered in: "how many miles per hour"."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from scoring.formulas.units import Measure

SPEED = frozenset(("length^1/time^1", "length/time"))
_SECONDS = {"小时": 3600, "hour": 3600, "分钟": 60, "minute": 60, "秒": 1, "second": 1}
#: A question in one spelling, without spaces.
_PER_TIME = re.compile(
    r"(?:每|(?<!\d)1)个?(?P<zh>小时|分钟|秒)[^，。,?？]{0,8}?多少(?:千米|公里|米)"
    r"|howmany(?:miles|kilomet(?:er|re)s|km|met(?:er|re)s|feet)[^.?]{0,80}?"
    r"(?:per|each|every|in1|inone|inan)(?P<en>hour|minute|second)",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def _seconds(asked: str) -> int | None:
    found = _PER_TIME.search(asked)
    return None if found is None else _SECONDS[(found["zh"] or found["en"]).lower()]


def length_per_time(asked: str, wanted: Measure, stated: Measure) -> Fraction | None:
    """Return what a speed is times a length, or the reverse, where the question names the time.

    ``asked`` is the question in one spelling without spaces.
    """
    seconds = _seconds(asked)
    if seconds is None or (wanted[0] in SPEED) == (stated[0] in SPEED):
        return None
    if {wanted[:2], stated[:2]} - {("length", 1)} - {(kind, 1) for kind in SPEED}:
        return None
    times = 1 / Fraction(seconds) if wanted[0] in SPEED else Fraction(seconds)
    return (Fraction(stated[2] / wanted[2]) * times).limit_denominator(10**9)
