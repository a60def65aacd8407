"""What has a value: a name, a call, an operator, an expression that the problem asks for."""

from __future__ import annotations

import re

from scoring.final_answer.equivalence.members import (
    is_call,
)
from scoring.final_answer.forms.form import (
    is_mathematics,
)

#: A lone name with indices, primes and words behind it: V_{\\max}, S_{ABC}, |AB|, x_1, x*,
#: y_max(...).
_NAMED = re.compile(
    r"\\?[A-Za-zα-ωΑ-Ω∠△]+(?:_\{?\\?[\w\\,()\u3400-\u9fff]+\}?)?['*]*(?:\^\{?\*\}"
    r"?)?(?:\([^()=]*\))?|∠?[A-Z]{1,4}|[|∣][A-Z]{2}[|∣]|P\(.*\)|E\(.*\)"
    r"|\\(?:Delta|triangle)\w+|d[a-z]?/d[a-z]|\\frac\{d[a-z]?\}\{d[a-z]\}(?:\(.*\))?"
)
#: A ratio of two names, which has a value of its kind: ``V_1:V_2``, ``\\frac{NO}{BO}``.
_NAME = r"[A-Za-z∠△]{1,4}\d?(?:_\{?\w+\}?)?'*"
NAME_TO_NAME = re.compile(rf"{_NAME}[:/]{_NAME}|\\frac\{{{_NAME}\}}\{{{_NAME}\}}")
_ENDS_EXPRESSION = re.compile(r"(?![-+*/^(\d]|=(?![_?？(（]|$))")


def names_a_value(text: str, asked: str) -> bool:
    """Return whether the left side of an equation is what has a value.

    And no equation that is still to be solved.

    A name, a call, words, a function or an integral of something, or an expression that the
    problem asks for.
    """
    bare = re.sub(r"\s", "", text)
    if _NAMED.fullmatch(bare) or is_call(text) or not is_mathematics(text):
        return True
    if NAME_TO_NAME.fullmatch(bare) and (":" in bare or not re.search(r"[a-z](?![a-z])", bare)):
        return True
    if re.search(
        r"\\(?:int|sum|prod|lim|oint|iint|det)|∫|∑|\\(?:sin|cos|tan|cot|ln|log"
        r"|overline|vec)|^(?:sin|cos|tan)|^d\^?\d?[a-z]?/d[a-z]|^\\frac\{d|\||\[|[a-z]{3,}",
        bare,
    ):
        return True
    return len(bare) > 2 and bare in asked


def stands_asked(expression: str, asked: str) -> bool:
    """Return whether the problem speaks of an expression, not as a part of a longer one."""
    at = asked.find(expression)
    while at >= 0:
        if _ENDS_EXPRESSION.match(asked, at + len(expression)):
            return True
        at = asked.find(expression, at + 1)
    return False
