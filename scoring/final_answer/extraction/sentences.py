"""Cut a text into sentences."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from scoring.final_answer.extraction.statements import BULLET, HEADING_LINE

_INLINE = re.compile(r"\$[^$\n]{1,2000}\$|\\\([^\n]{1,2000}?\\\)")
_BLOCK = re.compile(
    r"\$\$.{1,2000}?\$\$|\\\[.{1,2000}?\\\]"
    r"|\\begin\{(\w+\*?)\}.{1,2000}?\\end\{\1\}"
    r"|\[\s*\[[^\[\]]{1,200}\](?:\s*,?\s*\[[^\[\]]{1,200}\]){0,20}\s*\]",
    re.DOTALL,
)
#: Two words side by side between dollar signs are prose between two amounts of money.
_PLAIN_WORDS = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{3,}\s+[A-Za-z]{2,}(?![A-Za-z}])")
_MARK = re.compile(r"[\n。！？；.!?;]")


def sentences(text: str) -> list[tuple[int, int]]:
    """Return sentences as offsets.

    Cut at line ends and sentence marks, not inside formulas or numbers.

    A line that begins with an equals sign goes on with the line before; a semicolon cuts where
    prose follows.
    """
    inline = [s.span() for s in _INLINE.finditer(text) if not _PLAIN_WORDS.search(s.group())]
    blocks = [s.span() for s in _BLOCK.finditer(text)]
    found, start = [], 0
    for mark in _MARK.finditer(text):
        at = mark.start()
        if (
            not _ends(text, at)
            or _inside(blocks, at)
            or (text[at] in ".!?;" and _inside(inline, at))
        ):
            continue
        if text[start : at + 1].strip():
            found.append((start, at + 1))
        start = at + 1
    if text[start:].strip():
        found.append((start, len(text)))
    return found


def _inside(spans: Sequence[tuple[int, int]], at: int) -> bool:
    place = bisect_right(spans, (at, len(spans) and spans[-1][1])) - 1
    return place >= 0 and spans[place][0] < at < spans[place][1] - 1


def _ends(text: str, at: int) -> bool:
    char = text[at]
    if char == "\n":
        return not _runs_on(text, at)
    if char in "。！？；":
        return True
    if char == ";":
        return _PROSE_AFTER.match(text, at + 1) is not None
    if _OTHER_ONE.match(text, at + 1) and re.search(
        r"\b(?:one|first)\b", text[max(0, at - 80) : at], re.IGNORECASE
    ):
        return False
    if char == "!" and _FACTORIAL_GOES_ON.match(text, max(0, at - 1)):
        return False
    following = text[at + 1 : at + 2]
    return (
        following == "" or following in ' \n*)"' or ord(following) > 0x2000
    ) and not _abbreviated(text, at)


#: A factorial within a calculation ends no sentence: ``10!/(4! 6!)``.
_FACTORIAL_GOES_ON = re.compile(r"[\da-z)]!\s*(?:[=+*/·×÷^)]|\d{1,3}!)")
#: A line that is not finished without what stands below it.
_UNFINISHED = re.compile(
    r"(?:\b(?:is|are|so|with|equals?|gets?|gives?|obtain|find|by|also|be|as)"
    r"|[:：=,，]|为|是|得)[\s*]*$",
    re.IGNORECASE,
)


def _runs_on(text: str, at: int) -> bool:
    """Return whether a line goes on below.

    With an equals sign, a display, or what its last word calls for.
    """
    below = text[at : at + 80].lstrip()
    if below[:1] in ("=", "≈") and below[1:2] != "=":
        return True
    line = text[max(0, at - 200) : at].rstrip().rpartition("\n")[2]
    if not line or below[:1] in ("|", ">", "#") or BULLET.match(below) or HEADING_LINE.match(line):
        return False
    if below.startswith(("$$", "\\[")):
        return line[-1] not in ".。!！?？$]" and not line.endswith("\\]")
    return line[-1] not in ":：" and _UNFINISHED.search(line) is not None


_PROSE_AFTER = re.compile(r"\s+(?!the (?:other|second)\b)(?:[A-Za-z]{2,}\s+){2}")
#: "One root is 2. The other is 3." is one answer.
_OTHER_ONE = re.compile(r"\s*(?:and\s+)?the (?:other|second)\b[^.\n]{0,24}\bis\b", re.IGNORECASE)


def _abbreviated(text: str, at: int) -> bool:
    return at + 1 < len(text) and _SHORT_FORM.search(text[max(0, at - 7) : at]) is not None


_SHORT_FORM = re.compile(
    r"(?:\b(?:a\.m|p\.m|e\.g|i\.e|approx|vs|no|eq|fig|sq|ft|dr|mr|mrs|st)"
    r"|^\s*\d{1,2}|\n\s*\d{1,2})$",
    re.IGNORECASE,
)
