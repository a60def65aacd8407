"""Weigh the values of a sentence against each other: which of them answers the question."""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Sequence

from scoring.final_answer.equivalence.values import CURRENCIES
from scoring.final_answer.forms.amounts import combined, measure
from scoring.final_answer.forms.form import Equation, Form, Scalar, Several
from scoring.final_answer.forms.scalars import scalar
from scoring.final_answer.question.named import alone_named, result_stands
from scoring.final_answer.question.question import Question, content
from scoring.final_answer.reading.mentions import BY, EQUALS_BEFORE, Mention

#: Where one clause ends and the next begins.
_CLAUSE = re.compile(
    r"[,，;；。:]\s*(?:(?:and|so|thus|hence|then|but|while|whereas)\s+)?"
    r"|\s+(?:and|but|while|whereas|instead of|out of)\s+|\.\s+"
)
_RESTATED = re.compile(
    r"[^\w]*(?:i\.e\.?|that is|or|which is|which makes|namely|equivalently|即"
    r"|也就是|合|=|≈|\()[^\w]*",
    re.IGNORECASE,
)
#: What is worked out beside the answer where the question does not ask for it.
_DERIVED = re.compile(
    r"\b(?P<en>sum|product|difference|average|mean|perimeter|saving|savings"
    r"|reduction|discount|change)\b[^,;.]{0,24}$|(?P<zh>和|差|积|周长"
    r"|平均数)[是为]$",
    re.IGNORECASE,
)
#: A value that is left after what was taken away.
_LEFT = re.compile(
    r"(?:\bleft with|\bleaves?(?: \w+){0,2}(?: with)?"
    r"|\bleaving(?: \w+){0,2}(?: with)?|\bstill (?:has|have|needs?)|(?<!up )\bto"
    r"|还要|还剩|还需|剩下|剩)\s*\$?$",
    re.IGNORECASE,
)
_LEFT_AFTER = re.compile(r"\s*(?:\w+\s+){0,2}(?:left|remain)", re.IGNORECASE)


def heaviest(
    found: Sequence[Mention], text: str, question: Question, unit: str | None
) -> Mention | Form:
    """Return the value that answers the question, or all that compete where none stands out."""
    if _adjacent(text, found) and (amount := _amount(found)):
        return amount
    if len(found) == 1:
        return found[0]
    single = [m for m in found if not isinstance(m.form, Several)]
    if len(single) == 1:
        return single[0]
    if bold := [m for m in found if m.bold]:
        found = bold
    if alternatives(found, text) and not any(_counts(m, question.counted) for m in found):
        return Several(tuple(m.form for m in found))
    if all(m.equated for m in found) and _is_calculation(found[-1].form):
        return found[-1]
    last_one = found[-1]
    if isinstance(last_one.form, Scalar) and result_stands(
        text, last_one.start, last_one.end, question.heads
    ):
        return last_one
    if (clause := alone_named(text, question.heads)) is not None:
        inside = [m for m in found if clause[0] <= m.start < clause[1]]
        if len(inside) == 1:
            return inside[0]
    if _fills_last_clause(last_one, text, question):
        return last_one
    shared = overlaps(found, text, question)
    weights = [_weight(m, about, question, unit) for m, about in zip(found, shared, strict=True)]
    weights[-1] += shared[-1] > 0 or max(shared) == 0
    best = max(weights)
    last = len(weights) - 1 - weights[::-1].index(best)
    rivals = [m for m, weight in zip(found, weights, strict=True) if weight == best]
    if len(rivals) > 1 and listed(text, rivals):
        return Several(tuple(m.form for m in rivals))
    return found[last]


def _fills_last_clause(mention: Mention, text: str, question: Question) -> bool:
    """Return whether a value of what is asked stands alone in the last clause: 再来一条，五条."""
    start = max((m.end() for m in _CLAUSE.finditer(text, 0, mention.start)), default=0)
    lead = re.sub(
        r"^(?:所以|那就是?|也就是|就是?|一?共|总共|要|是)", "", text[start : mention.start]
    )
    behind = text[mention.end :].strip(" *。.!！~吧了呢啊呀嘛")
    return (
        start > 0
        and isinstance(mention.form, Scalar)
        and mention.form.unit != ""
        and not behind
        and content(lead) <= question.words
        and re.fullmatch(r"[\s*]*[\u3400-\u9fff]{0,6}[\s*]*", lead) is not None
        and mention.form.text not in question.numbers
        and (
            _counts(mention, question.counted)
            or any(thing.startswith(mention.form.unit) for thing in question.counted)
        )
    )


def _is_calculation(form: Form) -> bool:
    return isinstance(form, Equation) and re.search(r"[A-Za-z\u3400-\u9fff]", form.sides[0]) is None


def alternatives(found: Sequence[Mention], text: str) -> bool:
    """Return whether all values stand side by side as a list, none restating another."""
    if not listed(text, found) or len({m.equated for m in found}) > 1:
        return False
    return not any(
        _RESTATED.fullmatch(text[a.end : b.start]) and (_unit(a.form) or _unit(b.form))
        for a, b in itertools.pairwise(found)
    )


def without_derived(found: Sequence[Mention], question: Question) -> list[Mention]:
    """Return the values without sums, means and the like that the question does not ask for."""
    return [m for m in found if not _is_derived(m, question)] or list(found)


def overlaps(found: Sequence[Mention], text: str, question: Question) -> list[int]:
    """Return for each value how much its clause speaks of what is asked.

    Words of the question alone twice.
    """
    cuts = [m.end() for m in _CLAUSE.finditer(text)]
    ends = [0, *cuts, len(text)]
    weights = []
    for mention in found:
        at = bisect_right(cuts, mention.start)
        shared = content(text[ends[at] : ends[at + 1]]) & question.words
        weights.append(min(3, sum(2 if word in question.rare else 1 for word in shared)))
    return weights


def _weight(mention: Mention, about: int, question: Question, unit: str | None) -> int:
    """Return how much speaks for a value.

    Its clause, the words around it, whether it is new, its unit.
    """
    given = isinstance(mention.form, Scalar) and mention.form.text in question.numbers
    weight = about + (-2 if given and not mention.equated else 1)
    weight += 3 * mention.equated + 2 * _counts(mention, question.counted)
    weight += 2 * _is_said(mention, question)
    weight += mention.total * (3 if question.asks_total else 1)
    if _is_derived(mention, question):
        weight -= 3
    if mention.bound or (_PART.match(mention.after) and not EQUALS_BEFORE.search(mention.before)):
        weight -= 2
    if isinstance(mention.form, Scalar) and _UNFINISHED.search(mention.form.text):
        weight -= 3
    if re.search(r"\bhow many\b(?! (?:dollars|cents))", question.text, re.IGNORECASE) and _is_money(
        mention.form
    ):
        weight -= 2
    return weight + _fit(mention, unit or question.unit)


#: A sum that is not worked out.
_UNFINISHED = re.compile(r"\d\s*[+*]\s*\d|\d\s+[-/]\s+\d")
#: "5 of them" is a part of what was counted.
_PART = re.compile(r"\s*(?:\w+\s+)?of (?:them|these|which|those)\b")


def _is_said(mention: Mention, question: Question) -> bool:
    """Return whether the words around a value say that it is what is found.

    "is", "leaves him with", "remain".
    """
    if EQUALS_BEFORE.search(mention.before):
        return True
    if question.asks_difference and BY.search(mention.before):
        return True
    left = _LEFT.search(mention.before) or _LEFT_AFTER.match(mention.after)
    if left is None:
        return False
    word = left.group().strip(" $")
    return "left" in question.words or word == "to" or word in question.text


def _is_derived(mention: Mention, question: Question) -> bool:
    derived = _DERIVED.search(mention.before)
    return (
        derived is not None
        and (derived["en"] or derived["zh"]).lower() not in question.text.lower()
    )


def _fit(mention: Mention, wanted: str | None) -> int:
    """Return how well the unit of a value fits the one that is asked for."""
    expected, stated = measure(wanted or ""), measure(_unit(mention.form) or "")
    if expected is None or stated is None:
        return 0
    if expected == stated:
        return 3
    return 2 if expected[:2] == stated[:2] else -3


def _counts(mention: Mention, counted: frozenset[str]) -> bool:
    """Return whether a value counts what is asked for, by its unit or by the words behind it."""
    unit = _unit(mention.form)
    thing = (unit + mention.after).strip().lstrip("个")
    words = [w.lower().removesuffix("s") for w in re.findall(r"[A-Za-z]+", mention.after)[:3]]
    return ("money" in counted and _is_money(mention.form)) or any(
        unit.startswith(word)
        or thing.startswith(word)
        or word in words
        or (unit and (known := measure(unit)) is not None and known == measure(word))
        for word in counted
        if word
    )


def _unit(form: Form) -> str:
    """Return what a value counts: its unit, or that of the last side of an equality."""
    if isinstance(form, Equation):
        last = scalar(form.sides[-1])
        return _unit(last) if last is not None else ""
    return form.unit.strip("() ").lower().removesuffix("s") if isinstance(form, Scalar) else ""


def _is_money(form: Form) -> bool:
    known = measure(_unit(form)) if _unit(form) else None
    return known is not None and known[0] in CURRENCIES


def listed(text: str, found: Sequence[Mention]) -> bool:
    """Return whether values stand side by side as alternatives or a list."""
    for first, second in itertools.pairwise(found):
        between = text[first.end : second.start]
        if not re.fullmatch(
            r"[^\w]*(?:\b(?:or|and|also)\b|或|和|与|、|,|，)?[^\w]*(?:\balso\b)?[^\w]*", between
        ):
            return False
    return True


def _adjacent(text: str, found: Sequence[Mention]) -> bool:
    return all(
        re.fullmatch(r"[\s,]*(?:and|零|又)?\s*", text[a.end : b.start])
        for a, b in itertools.pairwise(found)
    )


def _amount(found: Sequence[Mention]) -> Scalar | None:
    scalars = [m.form for m in found if isinstance(m.form, Scalar)]
    return (
        combined(scalars)
        if len(scalars) == len(found) > 1 and all(s.unit for s in scalars)
        else None
    )
