"""Where a text takes an announced answer back and goes on to another."""

from __future__ import annotations

from scoring.final_answer.extraction.announcements import CUE
from scoring.final_answer.extraction.boxes import BOX
from scoring.final_answer.extraction.guarded import guarded
from scoring.final_answer.extraction.statements import FORMULA

_CORRECTION = guarded(
    (("更正", "纠正", "错了", "算错", "应该改为"), "WORDS"),
    (("不对",), r"(?:……|。|,|，|\s)WORDS"),
    (("correction", "scratch that", "hang on", "my bad", "on second thought"), r"\bWORDS\b"),
    (("oops", "i made a mistake", "i made an error"), r"\bWORDS"),
    (("let me",), r"\bWORDS (?:correct|fix|redo)"),
    (("wait",), r"\bWORDS\b[,，:：]? (?:that|this|i|no)"),
    (("actually",), r"\bWORDS[,，]? (?:that|this|it|the)"),
    (("no,", "no，"), r"\bWORDS (?:that|this) is (?:wrong|not)"),
)


def correction(text: str) -> int | None:
    """Return where a text takes back an announced answer and goes on to another one."""
    for mark in reversed(_CORRECTION.all(text)):
        before, after = text[: mark.start()], text[mark.end() :]
        if (CUE.search(before) or BOX.search(before)) and FORMULA.search(after):
            return mark.end()
    return None
