"""Whether two equations or inequalities say the same: up to a factor, or solved for a letter."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scoring.final_answer.equivalence.values import ValueComparison
from scoring.final_answer.forms.form import Equation, Scalar
from scoring.final_answer.forms.shapes import read_form
from scoring.final_answer.notations.letters import same_name


@dataclass(frozen=True, slots=True, kw_only=True)
class EquationComparison(ValueComparison):
    """How two equations of one problem are compared."""

    def _gap(self, wanted: Equation, stated: Equation) -> bool | None:
        """Compare two equations up to a factor, by the differences of their sides."""
        (a, b), (c, d) = (wanted.sides[0], wanted.sides[-1]), (stated.sides[0], stated.sides[-1])
        one, other = self.evaluate(f"({a})-({b})"), self.evaluate(f"({c})-({d})")
        same = same_name(wanted.name, stated.sides[0])
        if wanted.name and (stated.name or same):
            if not same and not ({wanted.name, stated.name} <= {"y", "f(x)", "g(x)", "h(x)"}):
                return False
            right, given = read_form(b, self.names), read_form(d, self.names)
            if isinstance(right, Scalar) and isinstance(given, Scalar):
                return self.values(right, given)
        if one is None or other is None or len(one) != len(other):
            return None
        size = max(map(abs, one))
        if size < 1e-12 or max(map(abs, other)) < 1e-12:
            return None
        at = max(range(len(one)), key=lambda i: abs(one[i]))
        factor = other[at] / one[at]
        if factor == 0:
            return False
        return all(
            abs(y - factor * x) <= 1e-7 * (abs(y) + abs(factor * x)) + 1e-12
            for x, y in zip(one, other, strict=True)
        )

    def _solved(self, solved: Equation, other: Equation) -> bool:
        """Return whether an equation is one that is solved for a letter.

        Times a factor without that letter: xy = 12 and y = 12/x.
        """
        letter = solved.name
        if (
            len(letter) != 1
            or other.name == letter
            or len(solved.sides) != 2
            or len(other.sides) != 2
        ):
            return False
        zero, one, two = (
            self._gap_at(other, letter, f"(({solved.sides[1]}){shift})")
            for shift in ("", "+1", "+2")
        )
        if zero is None or one is None or two is None or not len(zero) == len(one) == len(two):
            return False
        return all(
            abs(b) > 1e-9 and abs(a) < 1e-9 * (1 + abs(b)) and abs(c - 2 * b) < 1e-9 * (1 + abs(b))
            for a, b, c in zip(zero, one, two, strict=True)
        )

    def _gap_at(self, equation: Equation, letter: str, value: str) -> tuple[complex, ...] | None:
        """Return the difference of both sides where a letter has a value."""
        name = re.compile(rf"(?<![A-Za-z\\]){letter}(?![A-Za-z])")
        left, right = (name.sub(lambda _: value, self.spaced(side)) for side in equation.sides)
        return self.evaluate(f"({left})-({right})")

    def _order(self, wanted: str, stated: str) -> bool | None:
        """Compare two inequalities between expressions.

        The same direction after one side is brought over.
        """
        one, other = _ordered(wanted), _ordered(stated)
        if one is None or other is None:
            return None
        if one[1] != other[1]:
            return False
        a, b = self.evaluate(one[0]), self.evaluate(other[0])
        if a is None or b is None or len(a) != len(b):
            return None
        at = max(range(len(a)), key=lambda i: abs(a[i]))
        factor = b[at] / a[at] if a[at] else 0
        if abs(factor.imag) > 1e-9 or factor.real <= 0:
            return False
        return all(
            abs(y - factor * x) <= 1e-7 * (abs(y) + abs(factor * x)) + 1e-12
            for x, y in zip(a, b, strict=True)
        )


def _ordered(text: str) -> tuple[str, str] | None:
    """Return an inequality as (larger minus smaller, strictness).

    None where it is not a single one.
    """
    found = re.fullmatch(r"(?P<left>[^<>≤≥=≠]+)(?P<sign>[<>≤≥])(?P<right>[^<>≤≥=≠]+)", text)
    if found is None:
        return None
    left, right = (
        (found["left"], found["right"])
        if found["sign"] in ">≥"
        else (found["right"], found["left"])
    )
    return f"({left})-({right})", "strict" if found["sign"] in "<>" else "closed"
