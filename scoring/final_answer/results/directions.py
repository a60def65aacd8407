"""Whether a difference is stated the other way round than the question asks for it."""

from __future__ import annotations

import re

from scoring.final_answer.question.question import Question

_MORE = re.compile(
    r"\b(?:more|higher|greater|larger|bigger|longer|taller|heavier|older|faster|increase[sd]?"
    r"|ris(?:es?|en)|rose)\b|比[^，。；]{1,16}[多高大长重快]|增加|上升|提高"
)
_LESS = re.compile(
    r"\b(?:less|fewer|lower|smaller|shorter|lighter|younger|slower|cheaper|decrease[sd]?"
    r"|falls?|fell|drop(?:s|ped)?)\b|比[^，。；]{1,16}[少低小短轻慢]|减少|下降|降低"
)


def is_reversed(question: Question, stated: str) -> bool:
    """Return whether a question asks for more and a sentence states less, or the reverse.

    Not where the two things have changed places as well: "B is 5 years younger than A". Percents
    are of another whole then.
    """
    if not question.asks_difference:
        return False
    asked = question.text.rstrip(" ?？.。").replace("。", ".").rpartition(".")[2]
    opposite = any(
        one.search(asked) and not other.search(asked) and other.search(stated)
        and not one.search(stated)
        for one, other in ((_MORE, _LESS), (_LESS, _MORE))
    )  # fmt: skip
    return opposite and (question.speaks_of_percent or not _changed_places(asked, stated))


def _changed_places(asked: str, stated: str) -> bool:
    """Return whether a sentence compares with what the question compares."""
    compared = _COMPARED_WITH.search(stated)
    if compared is None:
        return False
    thing = compared["en"] or compared["zh"]
    return thing.lower() in re.split(r"\bthan\b|比", asked)[0].lower()


_COMPARED_WITH = re.compile(
    r"\bthan (?:the |an? |his |her |its )?(?P<en>\w+)"
    r"|比(?P<zh>[^，。；\s]{1,6}?)[多少高低大小长短重轻快慢]",
    re.IGNORECASE,
)
