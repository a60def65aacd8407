"""Bring an answer into one alphabet while remembering where every character came from.

Superscripts and subscripts are rewritten before anything else: Unicode's own compatibility form
turns ``x²`` into ``x2``.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_right
from dataclasses import dataclass

from scoring.text.offsets import offsets

_SUPERSCRIPTS = dict(
    zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵏᵐᵗˣʸᵀᵃᵇᶜᵈᵉ", "0123456789+-=()nikmtxyTabcde", strict=True)
)
_SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₙᵢⱼₖₘₜₓₐₑₚₛ", "0123456789+-=()nijkmtxaeps", strict=True))
_SUPER = "".join(_SUPERSCRIPTS)
_SUB = "".join(_SUBSCRIPTS)
_FRACTIONS = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅛": "1/8"}
#: Characters that show nothing: zero-width, joiners, direction marks, soft hyphen, variation
#: selectors, controls.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\x00-\x08\x0b-\x1f\x7f"
)

_SINGLE = {
    "−": "-", "–": "-", "‐": "-", "‑": "-", "﹣": "-", "‒": "-", "’": "'", "‘": "'", "′": "'",
    "ʹ": "'", "″": "''", "‴": "'''", "“": '"', "”": '"', "·": "*", "⋅": "*", "∙": "*", "∗": "*",
    "✕": "×", "⨯": "×", "・": "*", "÷": "/", "∕": "/", "⁄": "/", "∶": ":", "⩽": "≤", "≦": "≤",
    "⩾": "≥", "≧": "≥", "≃": "≈", "≅": "≈", "≒": "≈", "＝": "=", "﹤": "<", "﹥": ">", "∣": "|",
    "｜": "|", "∥": "‖", "ϵ": "ε", "ϕ": "φ", "ϑ": "θ", "ϱ": "ρ", "∆": "Δ", "∑": "∑", "Ω": "Ω",
    "µ": "μ", "ℝ": "R", "ℤ": "Z", "ℕ": "N", "⟶": "→", "⇨": "⇒", "➔": "→", "➡": "→", "⟹": "⇒",
    "⟺": "⇔", "【": " ", "】": " ", "〔": "(", "〕": ")", "﹙": "(", "﹚": ")", "\u3000": " ",
    "\u00a0": " ", "\t": " ", "¥": " ", "￥": " ", "€": " ", "£": " ", "\u2028": "\n",
    "\u2029": "\n", "…": "...", "⋯": "...",
}  # fmt: skip

#: Chinese characters and marks, which stay as they are.
_CJK = "\u3400-\u9fff\uf900-\ufaff\u3001\u3002\u300a\u300b"
#: Characters that are never rewritten, whatever stands around them.
_ORDINARY = rf"A-Za-z0-9 \n.()=+\-/:;^{{}}\[\]|{_CJK}"
_SPECIAL = re.compile(
    rf"(?![{_ORDINARY}])(?:(?P<group>(?<=\d)(?:,\\!|\\,)(?=\d{{3}}(?!\d)))|(?P<escaped>(?<!\\)\\\$)|(?P<dollar>\$+)|(?P<super>[{_SUPER}]+)|(?P<sub>[{_SUB}]+)|(?P<invisible>[{_INVISIBLE}]+)|(?P<crlf>\r\n?)"
    r"|(?P<tag></?(?:sup|sub)>|&(?:lt|gt|le|ge|nbsp|amp|times|minus);)|(?P<br><br ?/?>)"
    r"|(?P<dashes>[—―─]+)|(?P<power>(?<=[A-Za-z0-9)\]}])\*\*(?=[A-Za-z0-9({\-]))|(?P<bold>\*\*+|__(?=\*)|`+)"
    rf"|(?P<one>[^\x00-\x7f{_CJK}]))"
)
#: The next dollar sign of a paragraph after one that stands before a number.
_NEXT_DOLLAR = re.compile(r"[^$\n]{0,800}?(?<!\\)\$")
_TAGS = {
    "<sup>": "^{",
    "</sup>": "}",
    "<sub>": "_{",
    "</sub>": "}",
    "&lt;": "<",
    "&gt;": ">",
    "&le;": "≤",
    "&ge;": "≥",
    "&nbsp;": " ",
    "&amp;": "&",
    "&times;": "×",
    "&minus;": "-",
}


@dataclass(frozen=True, slots=True)
class Normalised:
    """Text in one alphabet.

    ``origin[i]`` is the offset in the original of its character ``i`` (one more at the end).
    """

    text: str
    origin: array[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the original offsets that the characters ``start`` to ``end`` came from."""
        if start >= end:
            return self.origin[start], self.origin[start]
        last = self.origin[end - 1]
        # A replacement of several characters shares one origin: end at the next one that differs.
        after = bisect_right(self.origin, last)
        stop = self.origin[after] if after < len(self.origin) else self.origin[-1]
        return self.origin[start], max(stop, last)


class _Builder:
    """Collects characters together with where they came from."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.origin = array("l")

    def copy(self, text: str, start: int) -> None:
        """Append text that stands unchanged at ``start``."""
        self.parts.append(text)
        self.origin.extend(offsets(start, start + len(text)))

    def put(self, text: str, start: int) -> None:
        """Append a replacement for what stands at ``start``."""
        self.parts.append(text)
        self.origin.extend([start] * len(text))


def normalise(original: str) -> Normalised:
    """Return the text with one spelling per sign: scripts as ``^{}`` and ``_{}``, ASCII forms.

    Invisible signs go.

    LaTeX commands are left alone, the lexer reads them. Linear in the length of the text.
    """
    out = _Builder()
    at = 0
    currency = _currency(original)
    for found in _SPECIAL.finditer(original):
        start, end = found.span()
        if start > at:
            out.copy(original[at:start], at)
        at = end
        kind, text = found.lastgroup, found.group()
        if kind == "one":
            new = _one(text)
            if new == text:
                out.copy(text, start)
            else:
                out.put(new, start)
        elif kind in ("super", "sub"):
            _script(
                out,
                text,
                start,
                _SUPERSCRIPTS if kind == "super" else _SUBSCRIPTS,
                "^" if kind == "super" else "_",
            )
        elif kind in ("crlf", "br"):
            out.put("\n", start)
        elif kind == "tag":
            out.put(_TAGS[text], start)
        elif kind == "dashes":
            out.put("-" if len(text) == 1 else " ", start)
        elif kind == "escaped" or (kind == "dollar" and start in currency):
            out.put(" ", start)
        elif kind == "dollar":
            out.copy(text, start)
        elif kind == "power":
            out.put("^", start)
        elif kind == "bold":
            out.put(" ", start)
    out.copy(original[at:], at)
    out.origin.append(len(original))
    return Normalised("".join(out.parts), out.origin)


def _currency(text: str) -> set[int]:
    """Return the offsets of dollar signs that are money and open or close no formula.

    Such a sign stands straight before a number, and the next one of the paragraph cannot close a
    formula: there is none, or it stands before a number itself, or after a space and before a word
    as one that opens does.
    """
    found: set[int] = set()
    at = text.find("$")
    while at >= 0:
        if text.startswith("$$", at):
            closing = text.find("$$", at + 2)
            at = text.find("$", closing + 2) if closing >= 0 else text.find("$", at + 2)
            continue
        if at and text[at - 1] == "\\":
            at = text.find("$", at + 1)
            continue
        following = _NEXT_DOLLAR.match(text, at + 1)
        if _before_number(text, at) and (
            following is None or not _closes(text, following.end() - 1)
        ):
            found.add(at)
            at = text.find("$", at + 1)
        else:
            at = text.find("$", following.end() if following is not None else at + 1)
    return found


def _before_number(text: str, at: int) -> bool:
    after = text[at + 1 : at + 3]
    return after[:1].isdigit() or (after[:1] == "." and after[1:].isdigit())


def _closes(text: str, at: int) -> bool:
    after = text[at + 1 : at + 2]
    if _before_number(text, at):
        return False
    return (
        text[at - 1] != " "
        or not after
        or after in " \n,.;:!?)，。；：！？）"
        or "\u3400" <= after <= "\u9fff"
    )


def _script(out: _Builder, text: str, start: int, table: dict[str, str], mark: str) -> None:
    plain = "".join(table[char] for char in text)
    out.put(mark if len(plain) == 1 else mark + "{", start)
    for i, char in enumerate(plain):
        out.put(char, start + i)
    if len(plain) > 1:
        out.put("}", start + len(text) - 1)


def _one(char: str) -> str:
    """Return the spelling of one character outside ASCII."""
    known = _SINGLE.get(char)
    if known is not None:
        return known
    if char in _FRACTIONS:
        return f"({_FRACTIONS[char]})"
    code = ord(char)
    # Circled numbers stay: they are list marks, and the compatibility form would make numbers of
    # them.
    if 0x2460 <= code <= 0x24FF or 0x2776 <= code <= 0x2793:
        return char
    if (
        0xFF00 <= code <= 0xFFEF
        or 0x1D400 <= code <= 0x1D7FF
        or 0x2100 <= code <= 0x214F
        or 0x3300 <= code <= 0x33FF
    ):
        plain = unicodedata.normalize("NFKC", char)
        return _SINGLE.get(plain, plain)
    return char
