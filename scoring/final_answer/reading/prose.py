"""Read what a sentence concludes.

The one value that stands out, or every part of an answer that has several.
"""

from __future__ import annotations

import re

from scoring.final_answer.forms.form import Equation, Form, Scalar, Several, Span, Spans
from scoring.final_answer.forms.intervals import joined
from scoring.final_answer.forms.shapes import read_form
from scoring.final_answer.question.question import Question
from scoring.final_answer.reading.mentions import Expected, Mention, mentions
from scoring.final_answer.reading.weighing import heaviest, listed, overlaps, without_derived


def concluded(
    text: str,
    *,
    wanted: Form | None,
    question: Question,
    names: frozenset[str] = frozenset(),
    unit: str | None = None,
) -> Form | None:
    """Return the one value that a sentence concludes, or all of them where several are asked for.

    A number that the question gives is rarely what is found. None where no value stands out.
    """
    lone = isinstance(wanted, Scalar) and re.fullmatch(r"-?[A-Za-z]", wanted.text) is not None
    found = mentions(
        text,
        names,
        Expected(
            difference=question.asks_difference,
            letter=lone,
            extreme=question.asks_extreme,
            inside=isinstance(wanted, Spans) or (isinstance(wanted, Several) and wanted.ordered),
        ),
    )
    found = [mention for mention in found if not mention.aside] or found
    if not found:
        return None
    if not isinstance(wanted, Scalar):
        return _all(without_derived(found, question), wanted, text, question)
    chosen = heaviest(found, text, question, unit)
    if isinstance(chosen, Mention):
        return Spans((_bound(chosen.form),)) if chosen.bound else chosen.form
    return chosen


def _all(found: list[Mention], wanted: Form | None, text: str, question: Question) -> Form | None:
    """Return every value of a sentence for an answer that has several parts or a shape."""
    if isinstance(wanted, Spans) or (isinstance(wanted, Several) and wanted.ordered):
        shaped = [m for m in found if _is_shaped(m.form)]
        if shaped:
            return _shaped(shaped, wanted, text, question)
        if isinstance(wanted, Several) and len(found) == len(wanted.items):
            return Several(tuple(m.form for m in found), ordered=True)
    two = isinstance(wanted, Equation) and "±" in "".join(wanted.sides)
    several = two or (isinstance(wanted, Several) and not wanted.ordered)
    if several and isinstance(wanted, Several) and _holds_tuples(wanted):
        return Several(tuple(m.form for m in found if isinstance(m.form, Several)))
    sets = [m for m in found if isinstance(m.form, Several) and len(m.form.items) > 1]
    if several and sets:
        return sets[-1].form
    found = [mention for mention in found if mention.bold] or found
    last = found[-1].form
    if several and not (two and isinstance(last, Equation) and "±" in "".join(last.sides)):
        return _parts(found, text)
    equated = [mention for mention in found if mention.equated]
    return equated[-1].form if equated and len(found) > 1 else last


def _shaped(
    shaped: list[Mention], wanted: Spans | Several, text: str, question: Question
) -> Form | None:
    """Return the interval or the point that is stated: numbers beside it say how it was found."""
    forms = [m.form for m in shaped]
    if isinstance(wanted, Spans) and _further(shaped, text):
        return None
    spans = [form for form in forms if isinstance(form, Spans)]
    if isinstance(wanted, Spans) and len(spans) > 1:
        return joined(text, spans)
    if isinstance(wanted, Several) and _holds_tuples(wanted) and len(forms) == len(wanted.items):
        return Several(tuple(forms)) if len(forms) > 1 else forms[0]
    about = overlaps(shaped, text, question)
    return forms[len(about) - 1 - about[::-1].index(max(about))]


def _further(shaped: list[Mention], text: str) -> bool:
    """Return whether values of the name stand beside an interval: "n = 1, 2 and n ≥ 4"."""
    name = next((m.form.name for m in shaped if isinstance(m.form, Spans) and m.form.name), "")
    before = text[: shaped[0].start]
    return bool(name) and (
        re.search(
            rf"(?<![A-Za-z]){re.escape(name)}\s*=\s*-?\d[\d\s,，、and]*(?:\b(?:and|or)\b|[和或])\s*"
            r"(?:for\s+)?(?:all\s+|any\s+|every\s+)?$",
            before,
        )
        is not None
    )


def _holds_tuples(form: Several) -> bool:
    return any(isinstance(item, Several) for item in form.items)


def _parts(found: list[Mention], text: str) -> Form:
    """Return the values of one name, else those of the list that ends a sentence, else all."""
    equated = [mention for mention in found if mention.equated]
    alike = [m for m in equated if _left(m.form) == _left(equated[-1].form)]
    tail = found[-1:]
    while len(tail) < len(found) and listed(text, [found[-len(tail) - 1], tail[0]]):
        tail = found[-len(tail) - 1 :]
    chosen = next((group for group in (alike, tail, equated) if len(group) > 1), found)
    chosen = [m for m in chosen if not m.bound] or chosen
    return chosen[0].form if len(chosen) == 1 else Several(tuple(m.form for m in chosen))


def _is_shaped(form: Form) -> bool:
    if isinstance(form, Equation):
        return isinstance(read_form(form.sides[-1]), Several)
    return isinstance(form, Spans) or (isinstance(form, Several) and len(form.items) > 1)


def _left(form: Form) -> str:
    return form.sides[0].replace(" ", "") if isinstance(form, Equation) else ""


def _bound(form: Form) -> Span:
    """Return the values above or below a bound, whichever it is: no single value."""
    return Span(form.text if isinstance(form, Scalar) else "", "∞", True, False)
