"""Read a greatest and a least value that a text states one after the other."""

from __future__ import annotations

import re

from scoring.final_answer.extraction.sentences import sentences
from scoring.final_answer.extraction.stated import Stated
from scoring.final_answer.forms.form import Form, Scalar, Several
from scoring.final_answer.forms.shapes import read_form
from scoring.final_answer.spelling.writing import one_spelling

_GREATEST = re.compile(r"\b(?:max(?:imum)?|largest|greatest|highest)\b|最大", re.IGNORECASE)
_LEAST = re.compile(r"\b(?:min(?:imum)?|smallest|least|lowest)\b|最小", re.IGNORECASE)
_CLAUSE = re.compile(
    r"[;；。]|[,，]\s*(?:and\b|while\b|而|(?=[^,，]{0,6}最)"
    r"|(?=(?:the |its )?(?:min|max|least|greatest|largest|smallest)))"
    r"|\band\b(?= (?:the |its )?(?:min|max|least|great))"
)
#: A value behind the last sign or word that gives it.
_VALUE = re.compile(
    r".*(?:=|≈|:|\bis|\bof|\bequals|\b(?:max|min)(?:imum)?(?: value)?\s"
    r"|最[大小]值?(?:为|是)?|值(?:为|是)?|为|是|取得?)\s*(?P<value>[^=:]+)$",
    re.DOTALL,
)
#: Characters before the last sentence that may hold the other value.
MAX_BEFORE = 800


def asks_both(question: str) -> bool:
    """Return whether a question asks for a greatest and a least value."""
    return _GREATEST.search(question) is not None and _LEAST.search(question) is not None


def both_extremes(stated: Stated) -> Form | None:
    """Return the greatest and the least value that the end of a text states, None without both."""
    whole = f"{stated.before[-MAX_BEFORE:]}\n{stated.text}"
    found: dict[str, Scalar] = {}
    for start, end in sentences(whole):
        for clause in _CLAUSE.split(one_spelling(whole[start:end])):
            kinds = [name for name, words in _KINDS if words.search(clause)]
            value = _value(clause)
            if len(kinds) == 1 and value is not None:
                found[kinds[0]] = value
    return Several(tuple(found.values())) if len(found) == len(_KINDS) else None


_KINDS = (("greatest", _GREATEST), ("least", _LEAST))
_PLACE = re.compile(r"\s*\((?:at|when|当|在)[^()]*\)", re.IGNORECASE)


def _value(clause: str) -> Scalar | None:
    said = _VALUE.match(_PLACE.sub("", clause.strip(" *.。")))
    form = read_form(said["value"]) if said is not None else None
    return form if isinstance(form, Scalar) else None
