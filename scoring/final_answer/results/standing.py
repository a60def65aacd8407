"""A result that a text states and does not end in: reasons, checks and remarks stand behind it.

A claim of the result (`claims`) stands unless the text takes it back or claims another value for
the same behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

from scoring.final_answer.extraction.stated import Stated
from scoring.final_answer.question.question import Question
from scoring.final_answer.results.claims import Clause, clauses_with_values

#: Compares what is written with the references.
IsRight = Callable[[str], bool]

_TAKES_BACK = re.compile(
    r"\b(?:wait|actually|hmm|oops|scratch|sorry|instead|(?<!as it )should (?:be|have)|mistake"
    r"|misread\w*|wrong|hold on|hang on|second thought|correction|correcting|rather|but we need"
    r"|nope|however)\b|\bno[,.!]"
    r"|不对|等等|更正|应为|应该是|应是|算错|写错|看错|错了|重新|改为|漏了|忘了|修正|纠正|啊不",
    re.IGNORECASE,
)
#: Another case that does better where an extreme is asked for.
_BETTER = re.compile(
    r"更[便少小低省大多高优]|太[多少大小贵]|\b(?:cheaper|less|lower|better|more|higher)\b",
    re.IGNORECASE,
)
_SENTENCE_MARK = re.compile(r"[.。!！?？;；:：\n]")
#: In a reference without its commands: an equation or words.
_NO_VALUE = re.compile(r"=|[A-Za-z]{3}|[\u3400-\u9fff]{2}")
_COMMAND = re.compile(r"\\(?!text)[A-Za-z]+")
_LETTERS = re.compile(r"π|√|\\|(?<![A-Za-z])[A-Za-z](?![A-Za-z])")


def standing(
    text: str, stated: Stated, question: Question, references: Sequence[str], is_right: IsRight
) -> tuple[int, int] | None:
    """Return where a text claims the right result and nothing behind it takes that back.

    ``stated`` is the conclusion of the text: another result. A number within its sentence is part
    of what leads to it, unless a reason follows. None for references that are equations or words.
    """
    if any(_NO_VALUE.search(_COMMAND.sub(" ", reference)) for reference in references):
        return None
    rare = any(map(_is_expression, references))
    takes_back = (_TAKES_BACK, _BETTER) if question.asks_extreme else (_TAKES_BACK,)
    is_right, made = cache(is_right), clauses_with_values(text, question)
    for at, clause in enumerate(made):
        if not clause.claims(rare=rare) or not _says(clause, is_right):
            continue
        later = made[at + 1 :]
        commented = all(c.aside or c.bounds or is_right(c.text) for c in later)
        named = clause.names if later else clause.asked or clause.about > 1
        alone = clause.explained or (named and commented)
        if not (rare or alone) and _in_one_sentence(clause, stated, text):
            continue
        behind = (other for other in later if other.competes(clause, rare=rare))
        if any(words.search(text, clause.end) for words in takes_back):
            continue
        if all(is_right(other.text) for other in behind):
            return clause.start, clause.end
    return None


def _in_one_sentence(clause: Clause, stated: Stated, text: str) -> bool:
    between = text[clause.end : stated.start] or text[stated.end : clause.start]
    return _SENTENCE_MARK.search(between) is None


def _says(clause: Clause, is_right: IsRight) -> bool:
    """Return whether a clause states the right result, all of it or behind its name."""
    behind = clause.behind_name
    return is_right(clause.text) or (behind is not None and is_right(behind))


def _is_expression(reference: str) -> bool:
    """Return whether a result holds a root, π or a letter: no text states it by accident."""
    bare = re.sub(r"\\(?!pi|sqrt)[A-Za-z]+", " ", reference)
    return "\\text" not in reference and _LETTERS.search(bare) is not None
