"""Whether a stated answer is the reference answer: right, wrong, or not certain.

Forms decide the shape (one value, a set, a tuple, intervals, an equation); values are compared
exactly where both are rational, else by their numbers at sample points, else by math-verify in
its bounded process.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from scoring.final_answer.equivalence.chains import ChainComparison
from scoring.final_answer.equivalence.hedges import offered
from scoring.final_answer.equivalence.members import (
    all_open,
    alone,
    amount,
    assignments,
    branches,
    by_units,
    is_call,
    restated_amounts,
    rows_of_names,
    signs,
    unpacked,
    value_of,
    vector,
)
from scoring.final_answer.equivalence.named_values import NAME_TO_NAME, stands_asked
from scoring.final_answer.equivalence.values import LETTER
from scoring.final_answer.equivalence.verdict import RIGHT, WRONG, Verdict
from scoring.final_answer.equivalence.wordings import same_words, says_no_value
from scoring.final_answer.forms.form import (
    Equation,
    Form,
    Scalar,
    Several,
    Spans,
    Words,
    is_mathematics,
    is_whole,
    with_factorial,
)
from scoring.final_answer.forms.intervals import as_span
from scoring.final_answer.forms.shapes import read_form
from scoring.final_answer.spelling.writing import one_spelling, same_decimal, squeezed

#: Characters of an answer that math-verify is asked about.
MAX_QUERY = 400
#: A question for the solution of an equation, not for the equation of a line.
_ASKS_SOLUTION = re.compile(
    r"^(?!.*(?:直线|轴|渐近线|准线|切线|\blines?|axis|asymptot|directrix|tangent)).*"
    r"(?:解是|的解|解方程|的根|求x|solve|root|findx|valueofx)",
    re.IGNORECASE | re.DOTALL,
)
_ABOUT_INTERVALS = re.compile(
    r"interval|domain|range|inequalit|valuesof|区间|范围|定义域|值域|不等式|[<>≤≥]", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(ChainComparison):
    """How two answers to one problem are compared."""

    kind: str

    def read(self, written: str) -> Form | None:
        """Return the form of a reference or an answer."""
        commas = self.kind != "set"
        form = read_form(with_factorial(one_spelling(written, commas=commas)), self.names)
        return self._as_interval(form) or form

    def _as_interval(self, form: Form | None) -> Spans | None:
        """Return a rising pair in brackets as an interval, where the problem is about such."""
        if (
            not isinstance(form, Several)
            or not (form.ordered or form.closed)
            or not _ABOUT_INTERVALS.search(self.asked)
        ):
            return None
        span = as_span(form)
        ends = [self.number(end) for end in (span.spans[0].low, span.spans[0].high)] if span else []
        rising = (
            len(ends) == 2 and ends[0] is not None and ends[1] is not None and ends[0] < ends[1]
        )
        return span if rising else None

    def judge(self, reference: str, stated: Form | None, written: str) -> Verdict:
        """Return whether what was stated (as a form, and as written) is the reference."""
        if squeezed(reference) == squeezed(written) or same_decimal(reference, written):
            return RIGHT
        wanted = self.read(reference)
        if wanted is None:
            return self._asked(reference, written, "the reference cannot be read")
        if stated is None:
            if (
                isinstance(wanted, Scalar)
                and self.number(wanted.text) is not None
                and (says_no_value(written))
            ):
                return WRONG
            return self._asked(reference, written, "the answer cannot be read")
        right = self._same(wanted, stated)
        if right is None:
            return self._asked(reference, written, "the two cannot be compared")
        return RIGHT if right else WRONG

    def _asked(self, reference: str, written: str, why: str) -> Verdict:
        spelled = one_spelling(written) if len(written) <= MAX_QUERY else ""
        if not spelled or not is_whole(spelled) or re.search("[<>≤≥]", spelled):
            return Verdict(right=None, reason=why)
        equal = self.query(reference, spelled)
        return Verdict(right=True if equal else None, reason="" if equal else why)

    def offers_another(self, reference: str, written: str) -> bool:
        """Return whether a text offers a second value that is not the one of the reference."""
        wanted = self.read(reference)
        if not isinstance(wanted, Scalar) or "±" in wanted.text:
            return False
        other = offered(written)
        return other is not None and self.values(wanted, other) is False

    def _same(self, wanted: Form, stated: Form) -> bool | None:
        wanted, stated = vector(wanted), vector(stated)
        wanted, stated = by_units(wanted, stated), by_units(stated, wanted)
        if self.kind == "interval":
            wanted, stated = as_span(wanted) or wanted, as_span(stated) or stated
        if isinstance(wanted, Words) or isinstance(stated, Words):
            return same_words(wanted, stated)
        if isinstance(wanted, Scalar | Spans) and isinstance(stated, Several):
            stated = self._asked_one(stated)
        if isinstance(wanted, Spans):
            return self._spans(wanted, stated)
        if isinstance(wanted, Equation) and wanted.approximate and len(wanted.sides) == 2:
            return self._exact_or_decimal(wanted, stated)
        if isinstance(wanted, Equation) and any("±" in side for side in wanted.sides):
            given = unpacked(stated) if isinstance(stated, Several) else (stated,)
            both = [
                b
                for form in given
                for b in (branches(form) if isinstance(form, Equation) else (form,))
            ]
            return self._bijective(branches(wanted), both)
        if isinstance(wanted, Equation):
            return self._equation(wanted, stated)
        if isinstance(wanted, Several):
            return self._several(wanted, stated)
        return self._scalar(wanted, stated)

    def _exact_or_decimal(self, wanted: Equation, stated: Form) -> bool | None:
        """Compare with a reference that is an exact value beside its decimal."""
        sides = [read_form(side, self.names) for side in wanted.sides]
        if self.number(wanted.sides[0]) is None:
            return self._equation(wanted, stated)
        found = [self._same(side, stated) for side in sides if side is not None]
        return True if True in found else None if None in found else False

    def _asked_one(self, stated: Several) -> Form:
        """Return the one equation of several for an expression that the problem asks for."""
        lefts = [
            re.sub(r"\s", "", item.sides[0]) if isinstance(item, Equation) else ""
            for item in stated.items
        ]
        asked = [
            at for at, left in enumerate(lefts) if len(left) > 1 and stands_asked(left, self.asked)
        ]
        return stated.items[asked[0]] if len(asked) == 1 else stated

    def _scalar(self, wanted: Scalar, stated: Form) -> bool | None:
        if "±" in wanted.text:
            return self._several(Several(signs(wanted)), stated)
        if isinstance(stated, Scalar) and "±" in stated.text:
            return False
        if isinstance(stated, Equation):
            return self._chain(wanted, stated)
        if isinstance(stated, Several):
            if len(stated.items) == 1:
                return self._same(wanted, stated.items[0])
            if (compound := amount(stated.items)) and self.values(wanted, compound):
                return True
            if (amounts := restated_amounts(stated.items)) is not None:
                return any(self.values(wanted, said) for said in amounts)
            if stated.items and all(isinstance(item, Equation) for item in stated.items):
                if all(
                    isinstance(i, Equation) and self.number(i.sides[0]) is not None
                    for i in stated.items
                ):
                    return self._same(wanted, stated.items[-1])  # one calculation after the other
                # Of S = 1 + 2T, T = 5 or a = 2, entry = 5 the named result counts.
                named = [
                    i
                    for i in stated.items
                    if isinstance(i, Equation) and (i.name or not is_mathematics(i.sides[0]))
                ]
                words = [i for i in named if not is_mathematics(i.sides[0])]
                if len(words) == 1 or len(named) == 1:
                    return self._same(wanted, (words or named)[0])
            found = [self._same(wanted, item) for item in stated.items]
            if not found:
                return False
            # The same value twice is one value; several values are not the one that is asked for.
            if found and all(found):
                return True
            return None if None in found and False not in found else False
        if isinstance(stated, Spans):
            return False
        assert isinstance(stated, Scalar)
        return self.values(wanted, stated)

    def _several(self, wanted: Several, stated: Form) -> bool | None:
        if isinstance(stated, Spans) and (pair := as_span(wanted)) is not None and all_open(stated):
            return self._same_spans(pair.spans, stated.spans)
        items = unpacked(wanted)
        given = unpacked(stated) if isinstance(stated, Several) else alone(stated)
        items, given = rows_of_names(items) or items, rows_of_names(given) or given
        assigned, stated_names = assignments(items), assignments(given)
        if (
            stated_names is not None
            and assigned is None
            and len(set(stated_names)) == len(stated_names) > 1
        ):
            # x = 6, y = -1 for the pair (6, -1): in the order of the names.
            if not wanted.ordered:
                return self._bijective(items, [value_of(i) for i in given])
            order = (
                sorted(stated_names)
                if all(len(name) == 1 for name in stated_names)
                else list(stated_names)
            )
            given = tuple(stated_names[name] for name in order)
            return self._in_order(items, given)
        if assigned is not None and len(assigned) > 1:
            return self._assigned(assigned, given)
        items = tuple(value_of(item) for item in items)
        given = tuple(value_of(item) for item in given)
        if isinstance(stated, Equation):
            stated = read_form(stated.sides[-1], self.names) or stated
        if isinstance(stated, Several) and (wanted.ordered or self._asks_in_order(len(items))):
            return self._in_order(items, given)
        return self._bijective(items, given)

    def _one_equation(self, wanted: Equation, stated: Several) -> bool | None:
        """Compare an equation with several.

        With that for its name, or with each as a writing of it.
        """
        named = [i for i in stated.items if isinstance(i, Equation) and i.name]
        named = [i for i in named if i.name == wanted.name]
        if len(named) == 1:
            further = [i for i in stated.items if isinstance(i, Scalar) and i.unit == ""]
            right = read_form(wanted.sides[-1], self.names)
            if isinstance(right, Scalar) and any(self._same(right, i) is False for i in further):
                return False
            return self._equation(wanted, named[0])
        letters = [frozenset(LETTER.findall(" ".join(_sides(i)))) for i in (wanted, *stated.items)]
        alike = [i for i, of in zip(stated.items, letters[1:], strict=True) if of == letters[0]]
        if not wanted.name and len(alike) == 1 and isinstance(alike[0], Equation):
            # Of k = 1, y = x + 1 the one in the letters of x - y + 1 = 0.
            return self._equation(wanted, alike[0])
        # x = -1, 2 is an assignment and further values.
        return len(stated.items) > 1 and all(
            isinstance(item, Equation) and self._equation(wanted, item) is True
            for item in stated.items
        )

    def _is_unsolved(self, wanted: Equation, stated: Equation) -> bool:
        """Return whether ``2x = 8`` is stated where a solution such as ``x = 4`` is asked for."""
        solved = wanted.name and self.number(wanted.sides[-1]) is not None
        named = stated.name or len(stated.sides) != 2 or not LETTER.search(stated.sides[0])
        return bool(solved) and not named and _ASKS_SOLUTION.search(self.asked) is not None

    def _equation(self, wanted: Equation, stated: Form) -> bool | None:
        if len(wanted.sides) == 1:
            if not isinstance(stated, Equation) or len(stated.sides) != 1:
                return False if isinstance(stated, Equation | Scalar) else None
            return self._order(wanted.sides[0], stated.sides[0])
        if len(wanted.sides) > 2 and wanted.name:
            return self._equal_names(wanted, stated)
        right = read_form(wanted.sides[-1], self.names)
        if isinstance(right, Several):
            if isinstance(stated, Equation):
                inner = read_form(stated.sides[-1], self.names)
                return None if inner is None else self._same(right, inner)
            return self._same(right, stated)
        if isinstance(stated, Equation):
            if self._is_unsolved(wanted, stated):
                return False
            found = self._gap(wanted, stated)
            if not found:
                found = self._solved(wanted, stated) or self._solved(stated, wanted) or found
            if found is not None:
                return found
        elif isinstance(stated, Several):
            return self._one_equation(wanted, stated)
        left = re.sub(r"\s", "", wanted.sides[0])
        solved = bool(wanted.name) or is_call(left) or bool(NAME_TO_NAME.fullmatch(left))
        if not solved:
            return False if not isinstance(stated, Equation) else None
        if isinstance(stated, Scalar) and isinstance(right, Scalar):
            return self.values(right, stated)
        return False if isinstance(stated, Spans) else None


def _sides(form: Form) -> tuple[str, ...]:
    return form.sides if isinstance(form, Equation) else ()
