"""Whether a stated answer is the reference answer: right, wrong, or not certain.

Forms decide the shape (one value, a set, a tuple, intervals, an equation); values are compared
exactly where both are rational, else by their numbers at sample points, else by math-verify in
its bounded process.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from scoring.final_answer.amounts import measure
from scoring.final_answer.demands.writings import is_decimal
from scoring.final_answer.equations import EquationComparison
from scoring.final_answer.forms import (
    Equation,
    Form,
    Scalar,
    Several,
    Span,
    Spans,
    Words,
    is_mathematics,
    is_whole,
    with_factorial,
)
from scoring.final_answer.intervals import as_span
from scoring.final_answer.members import (
    all_open,
    alone,
    amount,
    assignments,
    branches,
    expanded,
    is_call,
    rows_of_names,
    signs,
    unpacked,
    value_of,
    vector,
)
from scoring.final_answer.notations.vectors import entries
from scoring.final_answer.results.hedges import offered
from scoring.final_answer.shapes import read_form
from scoring.final_answer.values import LETTER
from scoring.final_answer.wordings import same_words, says_no_value
from scoring.final_answer.writing import one_spelling, same_decimal

#: A lone name with indices, primes and words behind it: V_{\\max}, S_{ABC}, |AB|, x_1, x*,
#: y_max(...).
_NAMED = re.compile(
    r"\\?[A-Za-zα-ωΑ-Ω∠△]+(?:_\{?\\?[\w\\,()\u3400-\u9fff]+\}?)?['*]*(?:\^\{?\*\}"
    r"?)?(?:\([^()=]*\))?|∠?[A-Z]{1,4}|[|∣][A-Z]{2}[|∣]|P\(.*\)|E\(.*\)"
    r"|\\(?:Delta|triangle)\w+|d[a-z]?/d[a-z]|\\frac\{d[a-z]?\}\{d[a-z]\}(?:\(.*\))?"
)


#: A ratio of two names, which has a value of its kind: ``V_1:V_2``, ``\\frac{NO}{BO}``.
_NAME = r"[A-Za-z∠△]{1,4}\d?(?:_\{?\w+\}?)?'*"
_NAME_TO_NAME = re.compile(rf"{_NAME}[:/]{_NAME}|\\frac\{{{_NAME}\}}\{{{_NAME}\}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``right`` is None where nothing is certain; ``reason`` says why."""

    right: bool | None
    reason: str = ""


#: Characters of an answer that math-verify is asked about.
MAX_QUERY = 400
RIGHT, WRONG = Verdict(right=True), Verdict(right=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(EquationComparison):
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

    # Shapes.

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

    def _asked_one(self, stated: Several) -> Form:
        """Return the one equation of several for an expression that the problem asks for."""
        lefts = [
            re.sub(r"\s", "", item.sides[0]) if isinstance(item, Equation) else ""
            for item in stated.items
        ]
        asked = [at for at, left in enumerate(lefts) if len(left) > 1 and self._stands_asked(left)]
        return stated.items[asked[0]] if len(asked) == 1 else stated

    def _stands_asked(self, expression: str) -> bool:
        """Return whether the problem speaks of an expression, not as a part of a longer one."""
        at = self.asked.find(expression)
        while at >= 0:
            if _ENDS_EXPRESSION.match(self.asked, at + len(expression)):
                return True
            at = self.asked.find(expression, at + 1)
        return False

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
        if not (numeric or self._names_a_value(first) or len(stated.sides) > 2):
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

    def _names_a_value(self, text: str) -> bool:
        """Return whether the left side of an equation is what has a value.

        And no equation that is still to be solved.

        A name, a call, words, a function or an integral of something, or an expression that the
        problem asks for.
        """
        bare = re.sub(r"\s", "", text)
        if _NAMED.fullmatch(bare) or is_call(text) or not is_mathematics(text):
            return True
        if _NAME_TO_NAME.fullmatch(bare) and (
            ":" in bare or not re.search(r"[a-z](?![a-z])", bare)
        ):
            return True
        if re.search(
            r"\\(?:int|sum|prod|lim|oint|iint|det)|∫|∑|\\(?:sin|cos|tan|cot|ln|log"
            r"|overline|vec)|^(?:sin|cos|tan)|^d\^?\d?[a-z]?/d[a-z]|^\\frac\{d|\||\[|[a-z]{3,}",
            bare,
        ):
            return True
        return len(bare) > 2 and bare in self.asked

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

    def _asks_in_order(self, size: int) -> bool:
        """Return whether as many calls are asked for in a row: T(10), T(11) and T(12)."""
        listed = re.search(r"valuesof((?:[A-Za-z]\(\w+\)(?:,and|,|and)?)+)", self.asked)
        return listed is not None and listed[1].count("(") == size

    def _assigned(self, wanted: dict[str, Form], given: Sequence[Form]) -> bool | None:
        names = assignments(given)
        if names is not None and len(names) > 1:
            if set(names) != set(wanted):
                return False
            found = [self._same(wanted[name], names[name]) for name in wanted]
        else:
            if len(given) == 1 and isinstance(given[0], Equation):
                tuple_form = read_form(given[0].sides[-1], self.names)
                given = unpacked(tuple_form) if isinstance(tuple_form, Several) else given
            if len(given) != len(wanted):
                return False
            found = [self._same(a, b) for a, b in zip(wanted.values(), given, strict=True)]
        return False if False in found else None if None in found else True

    def _in_order(self, items: Sequence[Form], given: Sequence[Form]) -> bool | None:
        if len(items) != len(given):
            return False
        found = [self._same(a, b) for a, b in zip(items, given, strict=True)]
        return False if False in found else None if None in found else True

    def _bijective(self, items: Sequence[Form], given: Sequence[Form]) -> bool | None:
        items, given = expanded(items), expanded(given)
        unknown = False

        def holds(item: Form, others: Sequence[Form]) -> bool:
            nonlocal unknown
            found = [self._same(item, other) for other in others]
            unknown = unknown or (True not in found and None in found)
            return True in found

        if all(holds(item, given) for item in items) and all(
            any(self._same(item, other) for item in items) for other in given
        ):
            return bool(items) == bool(given)
        return None if unknown else False

    def _spans(self, wanted: Spans, stated: Form) -> bool | None:
        if isinstance(stated, Equation) and len(stated.sides) == 2:
            inner = read_form(stated.sides[1], self.names)
            if inner is None:
                return None
            stated = inner
        if (
            isinstance(stated, Several)
            and not stated.closed
            and (names := assignments(stated.items)) is not None
            and len(wanted.spans) == 1 == len(names) - 1
        ):
            span = wanted.spans[0]
            return self._in_order(
                (Scalar(span.low), Scalar(span.high)), [names[name] for name in sorted(names)]
            )
        given = stated if isinstance(stated, Spans) else as_span(stated)
        if given is None:
            if isinstance(stated, Several):
                spans = [
                    item if isinstance(item, Spans) else as_span(item) for item in stated.items
                ]
                if spans and all(spans):
                    given = Spans(
                        tuple(s for item in spans if item is not None for s in item.spans)
                    )
            if given is None:
                return False if isinstance(stated, (Scalar, Several)) else None
        if (
            not isinstance(stated, Spans)
            and isinstance(stated, Several)
            and stated.ordered
            and not stated.closed
            and not all_open(wanted)
        ):
            return False
        if wanted.name and given.name and wanted.name != given.name:
            return False
        return self._same_spans(wanted.spans, given.spans)

    def _same_spans(self, wanted: Sequence[Span], given: Sequence[Span]) -> bool | None:
        if len(wanted) != len(given):
            return False
        unknown = False
        for order in itertools.permutations(given) if len(given) <= 4 else (tuple(given),):
            found = [self._same_span(a, b) for a, b in zip(wanted, order, strict=True)]
            if all(found):
                return True
            unknown = unknown or (None in found and False not in found)
        return None if unknown else False

    def _same_span(self, a: Span, b: Span) -> bool | None:
        if (a.low_in, a.high_in) != (b.low_in, b.high_in):
            return False
        ends = [self._same_end(a.low, b.low), self._same_end(a.high, b.high)]
        return False if False in ends else None if None in ends else True

    def _same_end(self, a: str, b: str) -> bool | None:
        if "∞" in a or "∞" in b:
            return a.replace("+", "") == b.replace("+", "")
        one, other = read_form(a, self.names), read_form(b, self.names)
        if isinstance(one, Scalar) and isinstance(other, Scalar):
            return self.values(one, other)
        return None

    def _equal_names(self, wanted: Equation, stated: Form) -> bool | None:
        """Compare what gives several names the same value: x = y = 2."""
        last = read_form(wanted.sides[-1], self.names)
        if last is None:
            return None
        pairs = {side.strip(): last for side in wanted.sides[:-1]}
        if isinstance(stated, Equation) and len(stated.sides) == len(wanted.sides):
            other = read_form(stated.sides[-1], self.names)
            if {s.strip() for s in stated.sides[:-1]} != set(pairs) or other is None:
                return False
            return self._same(last, other)
        given = unpacked(stated) if isinstance(stated, Several) else alone(stated)
        return self._assigned(pairs, given)

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
        solved = bool(wanted.name) or is_call(left) or bool(_NAME_TO_NAME.fullmatch(left))
        if not solved:
            return False if not isinstance(stated, Equation) else None
        if isinstance(stated, Scalar) and isinstance(right, Scalar):
            return self.values(right, stated)
        return False if isinstance(stated, Spans) else None


_ENDS_EXPRESSION = re.compile(r"(?![-+*/^(\d]|=(?![_?？(（]|$))")
#: A question for the solution of an equation, not for the equation of a line.
_ASKS_SOLUTION = re.compile(
    r"^(?!.*(?:直线|轴|渐近线|准线|切线|\blines?|axis|asymptot|directrix|tangent)).*"
    r"(?:解是|的解|解方程|的根|求x|solve|root|findx|valueofx)",
    re.IGNORECASE | re.DOTALL,
)


def _sides(form: Form) -> tuple[str, ...]:
    return form.sides if isinstance(form, Equation) else ()


def by_units(form: Form, other: Form) -> Form:
    """Return a sum of unit vectors as its entries, where the other side is such a tuple."""
    if not isinstance(form, Scalar) or not isinstance(other, Several) or not other.ordered:
        return form
    found = entries(form.text, len(other.items))
    read = [read_form(entry) for entry in found or ()]
    known = tuple(entry for entry in read if entry is not None)
    return Several(known, ordered=True) if read and len(known) == len(read) else form


def squeezed(written: str) -> str:
    """Return a text by which two writings are the same but for spaces, dollars and a full stop."""
    return re.sub(r"[\s$]", "", written).rstrip(".。")


_UNIT_IN_CALCULATION = re.compile(
    r"(?<=\d)\s*(?P<unit>[A-Za-z]{1,12}(?:/[A-Za-z]{1,5})?|[\u4e00-\u9fff]{1,2})(?:\^\{?\d\}?)?"
    r"(?=\s*(?:[-+*/)]|$))"
)


_ABOUT_INTERVALS = re.compile(
    r"interval|domain|range|inequalit|valuesof|区间|范围|定义域|值域|不等式|[<>≤≥]", re.IGNORECASE
)
