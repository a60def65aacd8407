"""Whether the text around a relation says that it is part of something else."""

from __future__ import annotations

import re

from scoring.formulas.chains import Chain, Side
from scoring.formulas.tree import Index, Number, Variable

#: Tags that end a text or a turn in some model's template. An answer may hold them as text.
_TAGS = re.compile(
    r"<\|[^|<>\n]{0,40}\|>|<｜[^｜<>\n]{0,40}｜>|</?s>|\[/?INST\]|<(?:end|start)_of_turn>"
)
#: A ratio that is written with a colon.
_RATIO_BEFORE = re.compile(r"[\w)] ?: ?$")
_RATIO_AFTER = re.compile(r"\$? ?:\s?[\d(]")
_REMARK = re.compile(r"[,;，；]|\S {2,}")
#: Words before a lone name or number that take it out of the relation behind it.
BOUND = re.compile(r"(?:\b(?:from|to|at|between|and|of)|[从到至在的])[ `$]*(?:\\[(\[])?[ ]*$")
#: The coefficient of x is 18.
OF = re.compile(r"(?:\bof|的)[ `$]*(?:\\[(\[])?[ ]*$")
#: What stands before a side of which words or signs are left out.
_CUT_BEFORE = re.compile(
    r"(?:[×·÷^_]|['’]s |\d,|(?<!\*)\*|\\(?:times|cdot|div|circ|bmod|mod)|[}\w)]\s*[/+−-])"
    r"\s*(?:\\[,;! ]\s*)*$"
)
#: A side that begins with a sign between it and words.
_SIGNED = re.compile(r"[-+−] ")
_WORDS_BEFORE = re.compile(r"(?:\}|[A-Za-z]{2}) ?$")
_CUT_AFTER = re.compile(
    r"\.?\\overline|\s*(?:\\[,;! ]\s*)*(?:\*(?!\*)|[×·÷^]|\\(?:times|cdot|div|circ|bmod|mod)"
    r"|[-+−*]\s*(?:\\[cl]?dots|…|\.\.\.|\\(?:text|mathrm|mbox|left\s*\())|/\s?[\w\\(])"
)
#: Remainders: 9 = 2 holds modulo 7, and 9 ÷ 7 = 1 with a remainder.
_MODULO = re.compile(
    r"\\[pb]?mod\b|\bmod(?:ulo)?\b|\bremainder\b|模\s*\$?\s*\d|同余|余数", re.IGNORECASE
)
#: Signs that no formula is read with: an operation that the problem defines, a mixed number, a
#: period of decimals.
_OPAQUE = re.compile(
    r"\\?\b(?:gcd|lcm|GCD|LCM)\b|\\(?:star|ast|oplus|ominus|otimes|odot|diamond|triangle\w*|\w+suit)\b"
    r"|\\[cl]?dots\b|…|\.\.\.|(?<!\^)(?<!\^\{)\s*\\circ|\)\s*\^\s*\{?\s*\\circ|\d\s*\\overline"
    r"|(?<![\w.}])\d+\s*\\[dt]?frac\s*\{\d+\}\s*\{\d+\}"
)


#: A sign of dollars, which is not the edge of a formula.
_DOLLAR = re.compile(r"\\\$")


def without_tags(text: str) -> str:
    """Return a text of the same length without control tags of chat templates and dollar signs."""
    text = _TAGS.sub(lambda found: "\n" + " " * (len(found.group()) - 1), text)
    return "\n".join(map(_without_dollars, text.split("\n")))


def _without_dollars(line: str) -> str:
    """Blank out the dollar signs of amounts: escaped ones, and all where each has an amount."""
    line = _DOLLAR.sub("  ", line)
    signs = [at for at, character in enumerate(line) if character == "$"]
    amounts = all(
        line[at + 1 : at + 2].isdigit() and not line[max(0, at - 1) : at].isalnum() for at in signs
    )
    return line.replace("$", " ") if amounts else line


def is_broken(text: str, chain: Chain, left: Side, right: Side, bound: re.Pattern[str]) -> bool:
    """Return whether the text around two sides says that they are parts of something else."""
    if any(_OPAQUE.search(text, side.start, side.end) for side in (left, right)):
        return True
    if left is chain.sides[0] and _cut_before(text, left):
        return True
    if right is chain.sides[-1] and _CUT_AFTER.match(text[right.end : right.end + 24]):
        return True
    if _MODULO.search(text, left.start, min(right.end + 40, _line_end(text, right.end))):
        return True
    lone = isinstance(left.nodes[0], (Variable, Index, Number))
    before = text[max(0, left.start - 12) : left.start]
    if lone and left is chain.sides[0] and bound.search(before):
        return True
    if _RATIO_BEFORE.search(text[max(0, left.start - 4) : left.start]) or _RATIO_AFTER.match(
        text[right.end : right.end + 4]
    ):
        return True
    # A remark at the end of a line is not what the next line goes on with.
    line = text[text.rfind("\n", 0, chain.start) + 1 : chain.start]
    return "\n" in text[left.end : right.start] and _REMARK.search(line) is not None


def _cut_before(text: str, side: Side) -> bool:
    before = text[max(0, side.start - 16) : side.start]
    if _CUT_BEFORE.search(before) or (before[-1:] == "}" and text[side.start] == "{"):
        return True
    signed = _SIGNED.match(text, side.start) is not None
    return signed and _WORDS_BEFORE.search(before) is not None


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found
