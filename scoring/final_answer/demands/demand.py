r"""Whether an answer has the form that its question demands: exact, simplified, factored, rounded.

An answer that equals the reference is wrong where the question asks for another form:
``\sqrt{52}`` in simplest radical form, ``2.32`` where the exact value is asked for, the expression
to be expanded itself. Of a chain of equalities one side in that form is enough.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from scoring.final_answer.demands.restated import restates
from scoring.final_answer.demands.writings import (
    has_common_number,
    has_rational_denominator,
    is_expanded,
    is_plain_fraction,
    is_reduced,
    is_scientific,
    is_slope_intercept,
    letter_factors,
    same_number,
    square_free,
)
from scoring.final_answer.equivalence.values import LETTER
from scoring.final_answer.forms.exact import is_decimal
from scoring.final_answer.forms.form import Equation, Form, Scalar

#: Whether a written answer meets a demand, given how the reference is written.
Meets = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A form: the words that ask for it, and whether one written value has it."""

    words: re.Pattern[str]
    meets: Meets


def _demand(words: str, meets: Meets) -> Demand:
    return Demand(words=re.compile(words, re.IGNORECASE), meets=meets)


DEMANDS = (
    _demand(
        r"\bexact (?:value|answer|form|solution|length|area|result)s?\b|\bexactly\s*(?:[.,?]|$)"
        r"|\bin terms of \$?\\?(?:pi|π)|\bradical form\b|精确值|准确值|用\s*\$?\\?(?:pi"
        r"|π)\$?\s*表示",
        lambda reference, said: not is_decimal(said) or same_number(reference, said),
    ),
    _demand(
        r"\b(?:express|write|give|enter|state|convert|as) [^.?]{0,40}\bfraction\b"
        r"|\bcommon fraction\b"
        r"|用分数表示|[化写]成(?:最简)?分数",
        lambda _, said: not is_decimal(said),
    ),
    _demand(
        r"\blowest terms\b|\bsimplest (?:form|terms|radical)|\bfully reduced|^\s*(?:simplify"
        r"|reduce)\b"
        r"|\b(?:and|then) simplify\b|最简|化简|约分",
        lambda reference, said: (
            is_reduced(said) and square_free(said) and not _is_rounded_root(reference, said)
        ),
    ),
    _demand(
        r"\bmixed (?:number|fraction)\b(?!\s+or\b)|带分数",
        lambda _, said: not is_plain_fraction(said),
    ),
    _demand(
        r"^\s*(?:completely )?factor(?:i[sz]e)?\b|\bfactor(?:i[sz]e)? (?:completely|the (?:poly"
        r"|quad|expr"
        r"|trin))|\bin factored form|(?:因式分解|分解因式)",
        lambda reference, said: (
            letter_factors(said) >= letter_factors(reference) and not has_common_number(said)
        ),
    ),
    _demand(
        r"^\s*(?:expand|multiply out)\b|\bexpand (?:and|the)\b|\bin expanded form|展开",
        lambda _, said: is_expanded(said),
    ),
    _demand(r"\bin scientific notation|科学[记计]数法", lambda _, said: is_scientific(said)),
    _demand(
        r"\bround(?:ed)?\b[^.?]*\b(?:to|nearest)\b|\bto the nearest\b|\bto \w+ (?:decimal"
        r"|significant)"
        r"|\bcorrect to\b|保留[^。，,]{0,8}(?:小数|整数|有效数字)|精确到|四舍五入",
        lambda reference, said: not is_decimal(said) or not _is_finer(reference, said),
    ),
    _demand(
        r"\brationali[sz]e(?!d? the numerator)|有理化|\brational denominator",
        lambda _, said: has_rational_denominator(said),
    ),
    _demand(r"\bslope[- ]intercept form|斜截式", lambda _, said: is_slope_intercept(said)),
    _demand(
        r"\b(?:write|express|convert)\b[^.?]*\bas an? (?:\w+ )?decimal|[化写]成小数",
        lambda reference, said: not is_plain_fraction(said) or is_plain_fraction(reference),
    ),
    _demand(
        r"\bin radians\b|\bradian measure|用弧度|弧度制",
        lambda _, said: "°" not in said,
    ),
    _demand(
        r"\bin degrees\b|用角度|角度制",
        lambda _, said: re.search(r"π|\\pi(?![A-Za-z])|(?<![A-Za-z])pi(?![A-Za-z])", said) is None,
    ),
)


def unmet(question: str, reference: str, stated: Form | None) -> bool:
    """Return whether an answer that equals the reference is not in the form that is asked for.

    ``reference`` is in one spelling; so are the sides of ``stated``.
    """
    sides = list(_sides(stated))
    if not sides:
        return False
    if any(not any(d.meets(reference, side) for side in sides) for d in demanded(question)):
        return True
    return all(restates(question, reference, side) for side in sides)


@lru_cache(maxsize=1024)
def demanded(question: str) -> tuple[Demand, ...]:
    """Return what a question demands."""
    return tuple(demand for demand in DEMANDS if demand.words.search(question))


def _is_rounded_root(reference: str, said: str) -> bool:
    """Return whether a decimal stands for the root of the reference."""
    return is_decimal(said) and "\\sqrt" in reference


def _is_finer(reference: str, said: str) -> bool:
    """Return whether a decimal shows more digits than the rounded reference."""
    behind = [text.strip().partition(".")[2] for text in (reference, said)]
    return len(behind[1]) > len(behind[0]) and not same_number(reference, said)


def _sides(stated: Form | None) -> Iterator[str]:
    """Yield the writings of one value, or all sides of an equation that hold it."""
    if isinstance(stated, Scalar):
        yield f"{stated.text}°" if stated.degree else stated.text
    elif isinstance(stated, Equation):
        if stated.name == "y" and len(stated.sides) == 2:
            yield "=".join(stated.sides)
        if LETTER.search(re.sub(r"\\[A-Za-z]+|sqrt", "", stated.sides[0])) is None:
            yield stated.sides[0]
        yield from stated.sides[1:]
