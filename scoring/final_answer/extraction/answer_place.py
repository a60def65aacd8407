"""Where a text states its final answer.

A box counts first, then the last announcement, then the conclusion of the last sentence that is
not a remark. What follows the answer (another question, a confidence, an offer of help) is passed
over.
"""

from __future__ import annotations

import re
from dataclasses import replace

from scoring.final_answer.extraction.announcements import last_cue
from scoring.final_answer.extraction.boxes import boxes, last_group
from scoring.final_answer.extraction.conclusion import conclusion
from scoring.final_answer.extraction.corrections import correction
from scoring.final_answer.extraction.objects import of_object
from scoring.final_answer.extraction.retractions import replaced
from scoring.final_answer.extraction.stated import Stated
from scoring.final_answer.extraction.statements import CALCULATION
from scoring.final_answer.extraction.turns import before_next_turn


def find_answer(
    text: str, asked: frozenset[str] = frozenset(), heads: frozenset[str] = frozenset()
) -> Stated | None:
    """Return where the final answer stands, None where nothing is stated.

    ``asked`` are the words of the question, ``heads`` what it calls the thing asked for.
    """
    text = before_next_turn(text)
    corrected = replaced(text) or correction(text)
    if corrected is not None:
        later = _found_behind(text, corrected, asked, heads)
        if later is not None:
            return replace(later, text=_closed(later.text))
    boxed = boxes(text)
    cue = last_cue(text)
    if boxed:
        box = last_group(text, boxed)
        if _is_early(text, box) and (
            later := cue
            if cue is not None and cue.start > box.end
            else _concluded(text, asked, heads)
        ):
            return later
        if cue is None or cue.start < box.end or not _overrules(text, box, cue):
            return box
    if cue is not None:
        doubt = _DOUBT.match(cue.text)
        sure = doubt and _found_behind(text, cue.start + doubt.end(), asked, heads)
        return sure or cue
    if (value := of_object(text, asked)) is not None:
        return value
    return _concluded(text, asked, heads)


#: An announcement that is a question itself and goes on: "the answer is 42? Let me see: ...".
_DOUBT = re.compile(r"[^.。!！?？\n]*[?？](?=[^\n]*\d)")


def _found_behind(
    text: str, at: int, asked: frozenset[str], heads: frozenset[str]
) -> Stated | None:
    """Return where the final answer stands behind a place."""
    later = find_answer(text[at:], asked, heads)
    return None if later is None else replace(later, start=later.start + at, end=later.end + at)


def _closed(text: str) -> str:
    """Return a text without the bracket behind it that closes a remark."""
    bare = text.rstrip(" .。\n")
    for opening, closing in ("()", "（）"):
        if bare.endswith(closing) and bare.count(closing) > bare.count(opening):
            return bare[:-1]
    return text


def _concluded(text: str, asked: frozenset[str], heads: frozenset[str]) -> Stated | None:
    found = conclusion(text, asked, heads)
    if found is None:
        return None
    inside = text[found.start : found.end]
    return Stated(
        start=found.start, end=found.end, how="end", text=inside, before=text[: found.start]
    )


#: Before this share of the text a box that much follows after holds a part of the derivation.
EARLY = 0.5


def _is_early(text: str, box: Stated) -> bool:
    """Return whether a box stands in the middle of a derivation that goes on.

    Much before it and much behind.
    """
    if box.end >= EARLY * len(text) or not CALCULATION.search(text, 0, max(0, box.start - 8)):
        return False
    return len(CALCULATION.findall(text[box.end :])) >= 2


def _overrules(text: str, box: Stated, cue: Stated) -> bool:
    """Return whether an announcement after a box states another, final answer.

    The box held a part or was withdrawn.
    """
    announced = text[max(0, cue.start - 60) : cue.start].lower()
    if not re.search(r"final|correct|最终|最后|####|\banswer\b|答", announced):
        return False
    between = text[box.end : cue.start]
    return (
        len(between) > 80
        or re.search(
            r"wait|actually|mistake|correct|instead|更正|不对|错|应为", between, re.IGNORECASE
        )
        is not None
    )
