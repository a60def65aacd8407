"""Compare a value with a chain of equalities that ends in one."""

from __future__ import annotations

import re
from abc import ABC
from dataclasses import dataclass

from scoring.final_answer.equivalence.named_values import names_a_value
from scoring.final_answer.equivalence.spans import SpanComparison
from scoring.final_answer.equivalence.values import LETTER
from scoring.final_answer.forms.amounts import measure
from scoring.final_answer.forms.exact import is_decimal
from scoring.final_answer.forms.form import (
    Equation,
    Scalar,
)
from scoring.final_answer.forms.shapes import read_form

_UNIT_IN_CALCULATION = re.compile(
    r"(?<=\d)\s*(?P<unit>[A-Za-z]{1,12}(?:/[A-Za-z]{1,5})?|[\u4e00-\u9fff]{1,2})(?:\^\{?\d\}?)?"
    r"(?=\s*(?:[-+*/)]|$))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainComparison(SpanComparison, ABC):
    """How a value is compared with a chain of equalities."""

    def _chain(self, wanted: Scalar, stated: Equation) -> bool | None:
        """Compare what a chain of equalities ends in.

        An equation about no lone unknown gives no value.
        """
        is_amount = self._is_amount(stated.sides[0].strip())
        stated = Equation(
            (*map(self._without_units, stated.sides[:-1]), stated.sides[-1]), stated.approximate
        )
        exact_sides = stated.sides[: len(stated.sides) - stated.approximate]
        if (
            stated.approximate > 0
            and (len(exact_sides) > 1 or (is_amount and not is_decimal(wanted.text)))
            and (
                self._chain(wanted, Equation(exact_sides))
                if len(exact_sides) > 1
                else self._same(wanted, read_form(exact_sides[0], self.names) or stated)
            )
        ):
            return True
        last = read_form(stated.sides[-1], self.names)
        first = stated.sides[0].strip()
        if not isinstance(last, Scalar):
            return False if last is not None else None
        if "±" in last.text:
            return False
        numeric = is_amount or self._is_amount(first)
        if not (numeric or names_a_value(first, self.asked) or len(stated.sides) > 2):
            # x^2 = 7 or 2x = 14: true, perhaps, and no answer; a bare 4x = 28 needs one more step.
            whole = self.values(wanted, Scalar(first)) if LETTER.search(wanted.text) else None
            return bool(whole)
        found = self.values(wanted, last)
        if found is not True and len(stated.sides) > 1 and (numeric or len(stated.sides) > 2):
            # 24 = 3*8, or x = 24 = 4!: any side does where all are the same number.
            middle = [
                read_form(side, self.names) for side in stated.sides[0 if numeric else 1 : -1]
            ]
            values = [side for side in middle if isinstance(side, Scalar)]
            if values and all(self.values(side, last) for side in values):
                return any(self.values(wanted, side) for side in values)
        return found

    def _is_amount(self, text: str) -> bool:
        """Return whether a side is a number, an amount with its unit or a ratio of numbers."""
        if self.number(text) is not None or re.fullmatch(r"[\d.]+(?:\s*:\s*[\d.]+)+", text):
            return True
        form = read_form(text, self.names)
        return (
            isinstance(form, Scalar)
            and measure(form.unit) is not None
            and self.number(form.text) is not None
        )

    def _without_units(self, side: str) -> str:
        """Return a side of a calculation without the units behind its numbers: ``3 m * 4 m``."""
        return _UNIT_IN_CALCULATION.sub(
            lambda m: m.group() if m["unit"] in self.names or measure(m["unit"]) is None else " ",
            side,
        )
