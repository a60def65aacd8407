"""Read what a sentence concludes.

The one value that stands out, or every part of an answer that has several.
"""

from __future__ import annotations

import re

from scoring.final_answer.forms import Equation, Form, Scalar, Several, Span, Spans
from scoring.final_answer.intervals import joined
from scoring.final_answer.mentions import Expected, Mention, mentions
from scoring.final_answer.question import Question
from scoring.final_answer.shapes import read_form
from scoring.final_answer.weighing import heaviest, listed, overlaps, without_derived


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
    """Return every value of a sentence for an answer that has several parts."""
    several = (isinstance(wanted, Several) and not wanted.ordered) or (
        isinstance(wanted, Equation) and "±" in "".join(wanted.sides)
    )
    if isinstance(wanted, Spans) or (isinstance(wanted, Several) and wanted.ordered):
        # An interval or a pair is looked for: numbers beside it say how it was found.
        shaped = [m for m in found if _is_shaped(m.form)]
        if shaped:
            forms = [m.form for m in shaped]
            spans = [form for form in forms if isinstance(form, Spans)]
            if isinstance(wanted, Spans) and len(spans) > 1:
                return joined(text, spans)
            if (
                isinstance(wanted, Several)
                and len(forms) == len(wanted.items) > 1
                and any(isinstance(i, Several) for i in wanted.items)
            ):
                return Several(tuple(forms))
            about = overlaps(shaped, text, question)
            return forms[len(about) - 1 - about[::-1].index(max(about))]
        if isinstance(wanted, Several) and len(found) == len(wanted.items):
            return Several(tuple(m.form for m in found), ordered=True)
    if (
        several
        and isinstance(wanted, Several)
        and any(isinstance(i, Several) for i in wanted.items)
    ):
        return Several(tuple(m.form for m in found if isinstance(m.form, Several)))
    if several and (
        sets := [m for m in found if isinstance(m.form, Several) and len(m.form.items) > 1]
    ):
        return sets[-1].form
    if bold := [mention for mention in found if mention.bold]:
        found = bold
    if (
        isinstance(wanted, Equation)
        and isinstance(found[-1].form, Equation)
        and "±" in "".join(found[-1].form.sides)
    ):
        return found[-1].form
    if several:
        equated = [mention for mention in found if mention.equated]
        alike = [m for m in equated if _left(m.form) == _left(equated[-1].form)]
        tail = found[-1:]
        while len(tail) < len(found) and listed(text, [found[-len(tail) - 1], tail[0]]):
            tail = found[-len(tail) - 1 :]
        chosen = (
            alike
            if len(alike) > 1
            else tail
            if len(tail) > 1
            else equated
            if len(equated) > 1
            else found
        )
        chosen = [m for m in chosen if not m.bound] or chosen
        return chosen[0].form if len(chosen) == 1 else Several(tuple(m.form for m in chosen))
    if len(found) == 1:
        return found[0].form
    if equated := [mention for mention in found if mention.equated]:
        return equated[-1].form
    return found[-1].form


def _is_shaped(form: Form) -> bool:
    if isinstance(form, Equation):
        return isinstance(read_form(form.sides[-1]), Several)
    return isinstance(form, Spans) or (isinstance(form, Several) and len(form.items) > 1)


def _left(form: Form) -> str:
    return form.sides[0].replace(" ", "") if isinstance(form, Equation) else ""


def _bound(form: Form) -> Span:
    """Return the values above or below a bound, whichever it is: no single value."""
    return Span(form.text if isinstance(form, Scalar) else "", "∞", True, False)
