"""Compare intervals and unions of them."""

from __future__ import annotations

import itertools
from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass

from scoring.final_answer.equivalence.groups import GroupComparison
from scoring.final_answer.equivalence.members import (
    all_open,
    assignments,
)
from scoring.final_answer.forms.form import (
    Equation,
    Form,
    Scalar,
    Several,
    Span,
    Spans,
)
from scoring.final_answer.forms.intervals import as_span
from scoring.final_answer.forms.shapes import read_form


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanComparison(GroupComparison, ABC):
    """How intervals of one problem are compared."""

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
