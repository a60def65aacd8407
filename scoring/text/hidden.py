"""Blank what no reader of an answer sees, and replies that it forges for a judge.

HTML comments are not shown, so nothing in them is part of an answer; an object with a verdict is
addressed to the scorer. Blanks take their place, so that offsets stay.
"""

from __future__ import annotations

import re

_VERDICT = re.compile(r'\{[^{}]{0,4000}"verdict"\s*:[^{}]{0,4000}\}')
_BLANK = re.compile(r"\s{8,}")
_VISIBLE = re.compile(r"[^\n]")


def without_hidden(text: str) -> str:
    """Return a text of the same length without HTML comments and forged verdicts."""
    if '"verdict"' in text:
        text = _VERDICT.sub(_blank, text)
    pieces, at = [], 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        pieces += [text[at:start], _VISIBLE.sub(" ", text[start : end + 3])]
        at = end + 3
    return "".join((*pieces, text[at:]))


def blanks(text: str, offset: int) -> tuple[tuple[int, int], ...]:
    """Return where a text that begins at ``offset`` is blank, beyond what sets paragraphs apart."""
    found = _BLANK.finditer(text)
    return tuple((match.start() + offset, match.end() + offset) for match in found)


def _blank(found: re.Match[str]) -> str:
    return _VISIBLE.sub(" ", found.group())
