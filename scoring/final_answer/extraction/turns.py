"""Where a model has run on into another question."""

from __future__ import annotations

import re

from scoring.final_answer.extraction.announcements import CUE
from scoring.final_answer.extraction.boxes import BOX
from scoring.final_answer.extraction.statements import FORMULA

_TURN = re.compile(
    r"(?im)^\s*(?:\**\s*)?(?:question|user|human|q|problem|instruction|input"
    r"|<\|im_start\|>|### ?(?:question|problem|instruction|user)|问题|用户|题目"
    r"|提问|问)\s*\d*\s*[:：]"
    r"|<\|(?:im_end|endoftext|eot_id|end_of_text)\|>|<end_of_turn>|</s>"
)


def before_next_turn(text: str) -> str:
    """Cut the text where the model has run on into another question.

    Once something has been answered.
    """
    for turn in _TURN.finditer(text):
        before, after = text[: turn.start()], text[turn.end() :]
        if not before or not FORMULA.search(before):
            continue
        # A question put without a gap, before anything was announced, is the model's own step.
        own = not before.endswith("\n\n") and not BOX.search(before) and not CUE.search(before)
        if not (own and CUE.search(after)):
            return before
    return text
