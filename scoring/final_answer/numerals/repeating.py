"""Repeating decimals: a bar, dots, brackets or the word."""

from __future__ import annotations

import re
from fractions import Fraction

from scoring.final_answer.numerals.written import as_fraction

_OVERLINE = re.compile(
    r"(?<!\d)(?P<whole>\d*)\.(?P<head>\d*)(?:\\(?:overline|bar"
    r"|overset\{\s*\\_+\})\s*\{(?P<tail>\d+)\}|\\(?:overline|bar)\s*(?P<one>\d)"
    r"|\((?P<paren>\d+)\)(?![\d(*]))"
)
_DOTTED = re.compile(
    r"(?<!\d)(?P<whole>\d*)\.(?P<head>\d*)\\dot\s*\{?(?P<a>\d)\}?(?P<mid>\d*)(?:\\dot\s*\{?(?P<b>\d)\}?)?"
)
_SAID_REPEATING = re.compile(
    r"(?<![\d.])(?P<whole>\d*)\.(?P<tail>\d)\s*(?:,\s*)?\(?(?:repeating|recurring|循环)\)?"
    r"(?!\s+\d)",
    re.IGNORECASE,
)
_COMBINING = re.compile(
    r"(?<!\d)(?P<whole>\d*)\.(?P<head>\d*?)(?P<tail>(?:\d[\u0305\u0304\u0307])+)"
)
_ELLIPSIS = re.compile(
    r"(?<![\d.])(?P<whole>\d+)\.(?P<digits>\d{2,})\s*(?:\.\.\.+|…+|\\ldots|\\dots|\\cdots)"
)


def with_repeating(text: str) -> str:
    """Return a text with repeating decimals as fractions."""
    if "." not in text:
        return text

    def made(whole: str, head: str, tail: str) -> str:
        scale = 10 ** len(head)
        value = Fraction(int((whole or "0") + head or "0"), scale)
        return as_fraction(value + Fraction(int(tail), (10 ** len(tail) - 1) * scale))

    text = _SAID_REPEATING.sub(lambda m: made(m["whole"], "", m["tail"]), text)
    text = _OVERLINE.sub(
        lambda m: made(m["whole"], m["head"], m["tail"] or m["one"] or m["paren"]), text
    )
    text = _DOTTED.sub(
        lambda m: made(m["whole"], m["head"], m["a"] + ((m["mid"] + m["b"]) if m["b"] else "")),
        text,
    )
    text = _COMBINING.sub(lambda m: made(m["whole"], m["head"], re.sub(r"\D", "", m["tail"])), text)

    def endless(m: re.Match[str]) -> str:
        digits = m["digits"]
        for size in range(1, len(digits) // 2 + 1):
            for head in range(len(digits) - 2 * size + 1):
                tail = digits[head : head + size]
                rest = digits[head:]
                # A period shows where its digits come at least twice and fill all that follows.
                if rest == (tail * len(rest))[: len(rest)] and (size > 1 or len(rest) >= 2):
                    return made(m["whole"], digits[:head], tail)
        return m.group()

    return _ELLIPSIS.sub(endless, text)
