"""Sentences that decline to answer: the numbers in them are those of the question."""

from __future__ import annotations

import re

from scoring.final_answer.extraction.guarded import guarded

_REFUSES = guarded(
    (
        ("can't", "can’t", "cannot", "can not", "unable to", "not able to", "won't", "won’t"),
        (
            r"^\W*(?:(?:I'm|I am|we are|we're)\s+)?(?:(?:so\s+)?sorry\b|unfortunately\b|as an ai\b"
            r"|I apologi[sz]e\b|I\b)[^.=]{0,40}?\bWORDS\s+(?:\w+\s+)?"
            r"(?:work out|solve|compute|calculate|answer|help|assist|provide|evaluate|do)\b[^=]*$"
        ),
    ),
    (
        ("抱歉", "对不起", "我"),
        r"^\W*WORDS[^。=]{0,12}(?:无法|不能|没法|不会)(?:计算|解答|回答|解决|完成|提供|帮)[^=]*$",
    ),
)
_ANSWERS = re.compile(
    r"\b(?:but|however|though|so|it's|it is|is)\b|但|不过|所以|[:：]", re.IGNORECASE
)


def refuses(sentence: str) -> bool:
    """Return whether a sentence declines to answer and states nothing else."""
    found = _REFUSES.search(sentence)
    return found is not None and _ANSWERS.search(sentence) is None
