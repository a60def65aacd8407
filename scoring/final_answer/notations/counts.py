"""Numbers of choices and bases by their usual signs: 5C2, C(5,2), 0b101, "101 in binary"."""

from __future__ import annotations

import re

_CHOICES = re.compile(
    r"(?<![\w.)])(?:\{\s*\})?[\^_]?\{?\s*(?P<n>\d{1,3})\s*\}?\s*(?P<kind>[CP])\s*_?\{?\s*(?P<k>\d{1,3})\s*\}?"
    r"(?![\w.^])"
    r"|(?<![A-Za-z\\])(?P<kind2>[CP])\s*\(\s*(?P<n2>\d{1,3})\s*,\s*(?P<k2>\d{1,3})\s*\)"
)
_BASES = {"binary": 2, "octal": 8, "hexadecimal": 16, "hex": 16, "二": 2, "八": 8, "十六": 16}
_PREFIXED = re.compile(r"(?<![\w.])0(?:b(?P<b>[01]+)|o(?P<o>[0-7]+)|x(?P<x>[0-9A-Fa-f]+))(?!\w)")
_NAMED = re.compile(
    r"(?<![\w.])(?P<digits>[0-9A-F]*\d[0-9A-F]*)\s*(?:\(|（)?\s*(?:in\s+)?"
    r"(?P<base>binary|octal|hexadecimal|hex)\b\)?"
    r"|(?<![\w.])(?P<digits2>[0-9A-F]*\d[0-9A-F]*)\s*[(（]\s*(?P<zh>十六|二|八)进制\s*[)）]",
    re.IGNORECASE,
)


def counts(text: str) -> str:
    """Return the text with numbers of choices and of arrangements as binomials and factorials."""

    def written(found: re.Match[str]) -> str:
        n, k = int(found["n"] or found["n2"]), int(found["k"] or found["k2"])
        if k > n:
            return found.group()
        if (found["kind"] or found["kind2"]) == "C":
            return f"\\binom{{{n}}}{{{k}}}"
        return f"\\frac{{{n}!}}{{{n - k}!}}"

    return _CHOICES.sub(written, text)


def bases(text: str) -> str:
    """Return the text with numbers of a named base in the notation ``101_{2}``."""
    text = _PREFIXED.sub(
        lambda m: (
            f"{m['b'] or m['o'] or m['x'].upper()}_{{{2 if m['b'] else 8 if m['o'] else 16}}}"
        ),
        text,
    )
    return _NAMED.sub(
        lambda m: f"{m['digits'] or m['digits2']}_{{{_BASES[(m['base'] or m['zh']).lower()]}}}",
        text,
    )
