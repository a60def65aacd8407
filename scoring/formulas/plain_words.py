"""Recognise letters that are words although they stand beside a number or an operator."""

from __future__ import annotations

import re

from scoring.formulas.vocabulary import FUNCTIONS, GLUED_ALL, UNIT_WORDS

_AFTER_ARTICLE = re.compile(r" (?:([A-Za-z]{2,})|\d)")
_ENDINGS = frozenset(("s", "t", "d", "m", "re", "ll", "ve"))
_VOWEL = re.compile(r"[aeiou]")
_BELOW = re.compile(r"/ ?[A-Za-z]{3,}")
_BEFORE_ENDING = re.compile(r"[A-Za-z]{2}'$")
_MEASURED = re.compile(r"[A-Za-z\d)] ?/$")
_NUMBERED = re.compile(r"\d $")

#: Functions whose names are words of plain text as well.
WORD_FUNCTIONS = frozenset(("div", "Re", "Im", "inf", "arg", "sup", "rank", "dim", "grad"))
_COMPLEX = re.compile(r" ?\(? ?[zwωζ](?![A-Za-z])")


def is_complex_part(text: str, piece: str, end: int) -> bool:
    """Return whether ``Re``, ``Im`` or ``arg`` follows: ``Re z = 1`` gives z itself no value."""
    return piece in ("Re", "Im", "arg") and _COMPLEX.match(text, end) is not None


def is_article(text: str, piece: str, start: int, end: int) -> bool:
    """Return whether a letter is an article: a word follows, or a number after ``has a``."""
    found = _AFTER_ARTICLE.match(text, end)
    if found is None:
        return False
    if found.group(1) is None:
        return (
            piece in "aA"
            and re.search(r"[A-Za-z]{2} $", text[max(0, start - 3) : start]) is not None
        )
    return found.group(1) not in FUNCTIONS


def is_ending(text: str, piece: str, start: int) -> bool:
    """Return whether letters end a word after an apostrophe: ``that's``, ``don't``."""
    return piece in _ENDINGS and _BEFORE_ENDING.search(text[max(0, start - 3) : start]) is not None


def is_counted(text: str, piece: str, start: int, end: int) -> bool:
    """Return whether letters name what a number counts: ``$20/hour``, ``4 boys' teams``."""
    if len(piece) < 3:
        return False
    before = text[max(0, start - 3) : start]
    # The surroundings first: few words have them.
    below = before.endswith("/") and _MEASURED.search(before) is not None
    counted = before.endswith(" ") and _NUMBERED.search(before) and _BELOW.match(text, end)
    several = piece.endswith("s") and text.startswith("' ", end)
    if not (below or counted or several) or GLUED_ALL.fullmatch(piece) or not _VOWEL.search(piece):
        return False
    measured = below and (piece in UNIT_WORDS or sorted(piece) != list(piece))
    return bool(measured or counted or several)
